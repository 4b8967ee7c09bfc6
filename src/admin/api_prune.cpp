#include "answers.hpp"
#include "bodies.hpp"
#include "pollhook/admin/api.hpp"
#include "pollhook/base/time.hpp"
#include "pollhook/http/problem.hpp"

#include <boost/json/object.hpp>

#include <algorithm>
#include <cstdint>

namespace pollhook::admin {

namespace json = boost::json;
using http::problem;
using http::ServerRequest;

namespace {

/// Of one commit, in which deliveries wait.
constexpr std::size_t prune_step = 200;
/// Of one request, so that its answer comes soon.
constexpr std::size_t most_steps = 10;

}  // namespace

/// Deletes a part of what is old; the caller asks again until `done`.
Api::Answer Api::prune(const ServerRequest& request) const
{
    const auto body = read_prune(request.body);
    if (!body)
        co_return problem(400, body.error());
    const base::TimePoint now = with_.clock->now();
    const base::Duration age = body->older_than ? *body->older_than : with_.retention();
    // Nobody has a task from before the epoch, and a farther time cannot be written down.
    const base::TimePoint before = std::max(now - age, base::TimePoint{});
    std::uint64_t tasks = 0;
    bool is_done = true;
    if (body->dry_run) {
        const auto count = co_await with_.store->count_prunable(before);
        if (!count)
            co_return store_problem(count.error());
        tasks = *count;
    } else {
        is_done = false;
        for (std::size_t step = 0; !is_done && step < most_steps; ++step) {
            const auto pruned = co_await with_.store->prune(before, prune_step, now);
            if (!pruned)
                co_return store_problem(pruned.error());
            tasks += pruned->tasks;
            is_done = pruned->is_done;
        }
    }
    json::object answered;
    answered["before"] = base::format_rfc3339(before);
    answered["tasks"] = tasks;
    answered["done"] = is_done;
    answered["dryRun"] = body->dry_run;
    co_return answer(200, answered);
}

}  // namespace pollhook::admin
