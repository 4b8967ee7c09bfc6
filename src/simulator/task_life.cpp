#include "pollhook/simulator/task_life.hpp"

#include "pollhook/base/text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <utility>

namespace pollhook::simulator {
namespace {

constexpr std::array<std::string_view, 8> subjects{
    "a lighthouse at dusk",
    "a fox in the snow",
    "an old library",
    "a city under water",
    "a paper dragon",
    "a tram in the rain",
    "two moons, one sea",
    "a clockmaker's desk",
};
constexpr std::array<std::string_view, 4> failures{
    "Banned prompt detected",
    "[Invalid parameter] `--ar` is out of range",
    "Task timed out: no answer from the drawing service",
    "Sorry! Our AI moderator thinks this prompt is probably against our community standards.",
};

template <std::size_t N>
std::string_view pick(base::Random& random, const std::array<std::string_view, N>& choices)
{
    return choices[static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(N) - 1))];
}

LifeStep step(base::Duration after, std::string_view status, std::string progress)
{
    LifeStep result;
    result.after = after;
    result.status = std::string(status);
    result.progress = std::move(progress);
    return result;
}

base::Duration random_total(base::Random& random)
{
    const double u = random.unit();
    double seconds = 30.0 + 90.0 * u * u;
    if (random.unit() < 0.04)
        seconds *= std::min(1.5 / std::sqrt(1.0 - random.unit()), 15.0);  // Pareto: a stuck queue
    return base::Duration(static_cast<std::int64_t>(seconds * 1000.0));
}

/// Running steps that share `total`, from `from` up to below 100.
void append_progress(base::Random& random, TaskLife& life, base::Duration total, std::int64_t from)
{
    std::vector<std::int64_t> marks;
    for (std::int64_t mark = from; mark < 100; mark += random.between(6, 22))
        marks.push_back(mark);
    const auto share = total / static_cast<std::int64_t>(marks.size() + 1);
    for (const std::int64_t mark : marks)
        life.steps.push_back(step(share, "IN_PROGRESS", std::to_string(mark) + "%"));
}

}  // namespace

std::size_t TaskLife::step_at(base::Duration age) const
{
    std::size_t index = 0;
    base::Duration start = steps.front().after;
    while (index + 1 < steps.size() && start + steps[index + 1].after <= age)
        start += steps[++index].after;
    return index;
}

base::Duration TaskLife::start_of(std::size_t index) const
{
    base::Duration start{};
    for (std::size_t i = 0; i <= index; ++i)
        start += steps[i].after;
    return start;
}

TaskLife random_life(base::Random& random, const LifeOdds& odds)
{
    TaskLife life;
    life.prompt = std::string(pick(random, subjects)) + " --v 6.1";
    const base::Duration total = random_total(random);
    const base::Duration queued = total / random.between(8, 20);

    life.steps.push_back(step({}, random.unit() < 0.3 ? "NOT_START" : "SUBMITTED", "0%"));
    life.steps.push_back(step(queued, "IN_PROGRESS", "0%"));

    const double fate = random.unit();
    if (fate < odds.failure) {
        append_progress(random, life, total / 2, random.between(40, 80));
        LifeStep end = step(total / 4, "FAILURE", random.unit() < 0.5 ? "100%" : "");
        end.fail_reason = std::string(pick(random, failures));
        life.steps.push_back(std::move(end));
        return life;
    }
    if (fate < odds.failure + odds.cancel) {
        life.steps.push_back(step(total / 3, "CANCEL", ""));
        return life;
    }
    if (fate < odds.failure + odds.cancel + odds.modal) {
        life.action = "INPAINT";
        life.steps.push_back(step(total / 4, "MODAL", "0%"));
        if (random.unit() < 0.5)
            return life;
        life.steps.push_back(step(total * 4, "IN_PROGRESS", "0%"));
    }
    append_progress(random, life, total - queued, random.between(5, 30));
    life.steps.push_back(step(total / 20, "SUCCESS", "100%"));
    return life;
}

std::optional<TaskLife> parse_life(std::string_view script)
{
    TaskLife life;
    while (!script.empty()) {
        const std::size_t comma = std::min(script.find(','), script.size());
        std::string_view rest = base::trim(script.substr(0, comma));
        script.remove_prefix(std::min(comma + 1, script.size()));

        std::vector<std::string_view> words;
        while (!rest.empty()) {
            const std::size_t space = std::min(rest.find(' '), rest.size());
            words.push_back(rest.substr(0, space));
            rest = base::trim(rest.substr(space));
        }
        if (words.size() < 2 || words.size() > 3)
            return std::nullopt;
        const auto after = base::parse_duration(words[0]);
        if (!after)
            return std::nullopt;
        life.steps.push_back(step(*after, words[1], words.size() == 3 ? std::string(words[2]) : std::string())
        );
        if (life.steps.back().status == "FAILURE")
            life.steps.back().fail_reason = "scripted failure";
    }
    if (life.steps.empty())
        return std::nullopt;
    return life;
}

bool is_terminal(std::string_view status) noexcept
{
    return status == "SUCCESS" || status == "FAILURE" || status == "CANCEL";
}

}  // namespace pollhook::simulator
