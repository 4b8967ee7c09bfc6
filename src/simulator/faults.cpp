#include "pollhook/simulator/faults.hpp"

#include "pollhook/base/suggestion.hpp"
#include "pollhook/base/text.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>
#include <utility>

namespace pollhook::simulator {
namespace {

constexpr base::Duration default_delay = std::chrono::seconds(2);

struct Kind {
    std::string_view name;
    FaultKind kind;
    bool relay;
    bool receiver;
};

constexpr std::array kinds{
    Kind{"html", FaultKind::html, true, false},
    Kind{"empty", FaultKind::empty, true, false},
    Kind{"badjson", FaultKind::bad_json, true, false},
    Kind{"success-false", FaultKind::success_false, true, false},
    Kind{"reset", FaultKind::reset, true, true},
    Kind{"hang", FaultKind::hang, true, true},
    Kind{"truncate", FaultKind::truncate, true, true},
    Kind{"redirect", FaultKind::redirect, true, true},
    Kind{"slow", FaultKind::slow, true, true},
    Kind{"duplicate", FaultKind::duplicate, true, false},
    Kind{"foreign", FaultKind::foreign, true, false},
    Kind{"omit", FaultKind::omit, true, false},
    Kind{"backwards", FaultKind::backwards, true, false},
    Kind{"baditem", FaultKind::bad_item, true, false},
    Kind{"big", FaultKind::big, true, true},
};

bool known_to(const Kind& kind, FaultSide side)
{
    return side == FaultSide::relay ? kind.relay : kind.receiver;
}

[[noreturn]] void reject(std::string_view spec, std::string_view why)
{
    throw std::invalid_argument(fmt::format("fault \"{}\": {}", base::printable(spec), why));
}

[[noreturn]] void reject_name(std::string_view spec, std::string_view name, FaultSide side)
{
    std::vector<std::string> names;
    std::string list = "any status from 300 to 599";
    for (const Kind& kind : kinds) {
        if (!known_to(kind, side))
            continue;
        names.emplace_back(kind.name);
        list.append(", ").append(kind.name);
    }
    const std::string guess = base::suggestion(name, names);
    const std::string question = guess.empty() ? std::string() : fmt::format("did you mean \"{}\"? ", guess);
    reject(spec, fmt::format("unknown kind; {}known are: {}", question, list));
}

/// The text up to the next colon, which is taken away from `rest`.
std::string_view next_part(std::string_view& rest)
{
    const std::size_t colon = std::min(rest.find(':'), rest.size());
    const std::string_view part = rest.substr(0, colon);
    rest.remove_prefix(std::min(colon + 1, rest.size()));
    return part;
}

template <class Number>
std::optional<Number> parse_number(std::string_view text)
{
    Number number{};
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (bad != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return number;
}

Fault parse_one(std::string_view spec, FaultSide side)
{
    std::string_view rest = spec;
    const std::string_view name = next_part(rest);
    Fault fault;
    if (const auto status = parse_number<int>(name)) {
        if (*status < 300 || *status > 599)
            reject(spec, "a status must be from 300 to 599");
        fault.status = *status;
    } else {
        const Kind* found = nullptr;
        for (const Kind& kind : kinds) {
            if (kind.name == name && known_to(kind, side))
                found = &kind;
        }
        if (!found)
            reject_name(spec, name, side);
        fault.kind = found->kind;
    }
    if (fault.kind == FaultKind::slow)
        fault.delay = default_delay;

    if (spec.size() == name.size())
        return fault;
    const auto probability = parse_number<double>(next_part(rest));
    if (!probability || !(*probability >= 0.0 && *probability <= 1.0))
        reject(spec, "the probability must be a number from 0 to 1, as in \"503:0.2\"");
    fault.probability = *probability;
    if (rest.empty())
        return fault;

    if (fault.kind == FaultKind::slow) {
        const auto delay = base::parse_duration(rest);
        if (!delay)
            reject(spec, "the delay must be a duration, as in \"slow:0.5:3s\"");
        fault.delay = *delay;
    } else if (fault.kind == FaultKind::status) {
        fault.retry_after = std::string(rest);
    } else {
        reject(spec, "only a status (Retry-After) and slow (a duration) take a third part");
    }
    return fault;
}

bool replaces_answer(FaultKind kind)
{
    return kind <= FaultKind::big;
}

}  // namespace

Faults Faults::parse(std::span<const std::string> specs, FaultSide side, std::uint64_t seed)
{
    Faults faults;
    faults.random_ = base::Random(seed);
    for (const std::string& spec : specs)
        faults.faults_.push_back(parse_one(spec, side));
    return faults;
}

std::optional<Fault> Faults::answer_fault()
{
    for (const Fault& fault : faults_) {
        if (replaces_answer(fault.kind) && random_.unit() < fault.probability)
            return fault;
    }
    return std::nullopt;
}

bool Faults::strikes(FaultKind kind)
{
    for (const Fault& fault : faults_) {
        if (fault.kind == kind && random_.unit() < fault.probability)
            return true;
    }
    return false;
}

base::Duration Faults::delay()
{
    for (const Fault& fault : faults_) {
        if (fault.kind == FaultKind::slow && random_.unit() < fault.probability)
            return fault.delay;
    }
    return {};
}

}  // namespace pollhook::simulator
