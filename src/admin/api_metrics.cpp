#include "answers.hpp"
#include "pollhook/admin/api.hpp"
#include "pollhook/base/time.hpp"
#include "pollhook/http/problem.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

// What machines ask: whether the daemon is ready, and its metrics.

namespace pollhook::admin {

namespace json = boost::json;
using http::ServerResponse;

namespace {

/// A list of what has to be well, each with its name, and what is wrong with the rest.
class Checks {
public:
    /// An empty `trouble`: all is well.
    void add(std::string_view name, std::string_view trouble)
    {
        json::object check;
        check["name"] = json::string_view(name.data(), name.size());
        check["status"] = trouble.empty() ? "ok" : "failing";
        if (!trouble.empty()) {
            check["detail"] = json::string_view(trouble.data(), trouble.size());
            if (!troubles_.empty())
                troubles_ += "; ";
            troubles_ += trouble;
        }
        checks_.push_back(std::move(check));
    }

    [[nodiscard]] const std::string& troubles() const noexcept { return troubles_; }
    [[nodiscard]] json::array take() { return std::move(checks_); }

private:
    json::array checks_;
    std::string troubles_;
};

std::string_view trouble_of(store::Space space)
{
    switch (space) {
        case store::Space::enough: return "";
        case store::Space::none_on_disk: return "the disk of the database is full, so no new task is taken";
        case store::Space::none_below_max_size:
            return "the database has reached store.max_size, so no new task is taken";
    }
    return "";
}

}  // namespace

Api::Answer Api::ready()
{
    // A relay or a receiver that is down is no reason to take pollhook out of service; a store that does not
    // answer or takes nothing is. The first who asks waits for it; whoever comes while it hangs is told so.
    constexpr base::Duration store_patience = std::chrono::seconds(2);
    constexpr base::Duration patience = std::chrono::seconds(30);
    const base::SteadyPoint asked = with_.clock->steady_now();
    std::string store_trouble;
    std::optional<store::Space> space;
    if (unanswered_since_ && asked - *unanswered_since_ >= store_patience) {
        store_trouble =
            "the store has not answered for " +
            base::format_duration(std::chrono::floor<std::chrono::seconds>(asked - *unanswered_since_));
    } else {
        if (!unanswered_since_)
            unanswered_since_ = asked;
        const base::Result<store::Space> answer = co_await with_.store->space();
        unanswered_since_.reset();
        if (answer)
            space = *answer;
        else
            store_trouble = "the store failed: " + answer.error().message();
    }

    Checks checks;
    checks.add("store", store_trouble);
    if (space)
        checks.add("space", trouble_of(*space));
    const base::SteadyPoint then = with_.clock->steady_now() - patience;
    const bool sends = !with_.dispatcher->is_overdue(then);
    checks.add("dispatcher", !sends ? "the dispatcher does not run" : "");
    json::object last_polls;
    for (poll::Poller* one : with_.pollers) {
        // One that should have asked and did not hangs, whatever its relay does.
        const bool is_stuck = one->is_overdue(then);
        checks.add("poller/" + one->name(), is_stuck ? "the poller of " + one->name() + " does not run" : "");
        const auto last = one->health().last_success();
        last_polls[one->name()] = last ? json::value(base::format_rfc3339(*last)) : json::value(nullptr);
    }
    json::object body;
    body["checks"] = checks.take();
    body["lastGoodPolls"] = std::move(last_polls);
    if (!checks.troubles().empty())
        co_return problem_with(503, checks.troubles(), body);
    body["status"] = "ok";
    co_return answer(200, body);
}

Api::Answer Api::metrics()
{
    Instruments from;
    from.stored = co_await gauges_.current();
    from.clock = with_.clock;
    from.dispatcher = with_.dispatcher;
    from.pollers = with_.pollers;
    from.commit_durations = with_.commit_durations;
    from.store_limit = with_.store_limit;
    if (with_.reloading != nullptr && !with_.reloading->last_succeeded())
        from.last_reload = ReloadOutcome::failed;
    ServerResponse response;
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    response.body = exposition(from);
    co_return response;
}

}  // namespace pollhook::admin
