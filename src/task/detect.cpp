#include "pollhook/task/detect.hpp"

#include <algorithm>
#include <utility>

namespace pollhook::task {
namespace {

constexpr char upper(char c) noexcept
{
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

}  // namespace

std::uint32_t word_digest(std::string_view upstream_status) noexcept
{
    // FNV-1a: two words of one relay need to differ, nothing more.
    std::uint32_t digest = 2166136261U;
    for (const char c : upstream_status)
        digest = (digest ^ static_cast<std::uint8_t>(upper(c))) * 16777619U;
    return digest;
}

std::optional<Transition> detect(
    const Known& known,
    Status status,
    std::int8_t progress,
    std::string_view upstream_status,
    base::TimePoint at
)
{
    if (is_terminal(known.status))
        return std::nullopt;
    // An unknown word has no rank: it may come at any time, and what follows it is measured by what came
    // before it.
    if (status != Status::unknown && rank(status) < known.peak_rank)
        return std::nullopt;

    const auto risen = static_cast<std::int8_t>(std::clamp<int>(progress, known.progress, 100));
    const auto step = [&](EventType type) {
        return Transition{
            .type = type,
            .sequence = known.sequence + 1,
            .from = known.status,
            .to = status,
            .from_progress = known.progress,
            // Relays finish without a last percentage; a receiver wants a bar that is full.
            .to_progress = status == Status::succeeded ? std::int8_t{100} : risen,
            .at = at,
        };
    };

    if (status != known.status)
        return step(event_for(status));
    if (status == Status::unknown && word_digest(upstream_status) != known.unknown_word)
        return step(EventType::unknown);
    if (status == Status::running && risen > known.progress)
        return step(EventType::progress);
    return std::nullopt;
}

Transition decide(const Known& known, EventType type, base::TimePoint at)
{
    Status to = known.status;
    if (type == EventType::lost)
        to = Status::lost;
    else if (type == EventType::expired)
        to = Status::expired;
    return {
        .type = type,
        .sequence = known.sequence + 1,
        .from = known.status,
        .to = to,
        .from_progress = known.progress,
        .to_progress = known.progress,
        .at = at,
    };
}

Known apply(const Known& known, const Transition& transition, std::string_view upstream_status)
{
    return {
        .sequence = transition.sequence,
        .status = transition.to,
        .peak_rank = std::max(known.peak_rank, static_cast<std::uint8_t>(rank(transition.to))),
        .progress = transition.to_progress,
        .stalled_announced = transition.type == EventType::stalled,
        .unknown_word = transition.to == Status::unknown ? word_digest(upstream_status) : 0,
    };
}

}  // namespace pollhook::task
