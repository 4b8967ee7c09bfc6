#include "commands.hpp"
#include "event_stream.hpp"
#include "exit_code.hpp"
#include "output.hpp"
#include "pollhook/base/text.hpp"
#include "session.hpp"
#include "task_outcome.hpp"
#include "terminal.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <optional>
#include <thread>
#include <utility>

namespace pollhook::cli {
namespace {

namespace json = boost::json;
using std::chrono::steady_clock;

/// The daemon tells each step; what it does not tell is that a task is no longer watched.
constexpr base::Duration sweep_interval = std::chrono::seconds(2);
/// Where the daemon tells nothing, since too many listen.
constexpr base::Duration look_interval = std::chrono::milliseconds(500);
/// Many tasks are looked at less often, so that waiting costs the daemon little.
constexpr base::Duration pause_for_each = std::chrono::milliseconds(20);
/// The API takes so many tasks in one request; of more, all of the provider's events are listened to.
constexpr std::size_t most_tasks = 100;
/// A daemon that restarts is back by then.
constexpr std::chrono::seconds patience{60};

struct Waiting {
    std::string id;
    std::int64_t sequence = 0;  ///< of the last transition shown
    json::object task;          ///< as it was last seen, without its history
    bool is_over = false;
};

/// One run of `task wait`: looks at the tasks that are not over, each time that something happens to them.
class Wait {
public:
    Wait(Session& session, const TaskWaitOptions& options) : session_(session), provider_(options.provider)
    {
        for (const std::string& id : options.ids)
            tasks_.push_back({id, 0, {}, false});
        if (options.timeout)
            deadline_ = steady_clock::now() + *options.timeout;
        listen();
    }

    int run()
    {
        int code = wait();
        if (session_.output == OutputFormat::json) {
            json::array tasks;
            for (const Waiting& one : tasks_)
                tasks.push_back(one.task);
            json::object body;
            body["tasks"] = std::move(tasks);
            print_line(body);
        }
        return code;
    }

private:
    /// Before the first look, so that no step is missed between the two.
    void listen()
    {
        std::string target = "/v1/events/stream?";
        if (tasks_.size() > most_tasks)
            target += "provider=" + percent_encoded(provider_);
        else
            for (const Waiting& one : tasks_)
                target += "&task=" + percent_encoded(provider_ + '/' + one.id);
        stream_.emplace(session_.daemon.address(), session_.token, std::move(target), patience);
        if (!stream_->open())
            stream_.reset();  // a look at the tasks says why, or does without
    }

    int wait()
    {
        for (;;) {
            for (Waiting& one : tasks_) {
                if (one.is_over)
                    continue;
                if (const auto failure = look(one))
                    return report(*failure);
                if (is_late())
                    break;
            }
            const auto left = std::ranges::count(tasks_, false, &Waiting::is_over);
            if (left == 0)
                return code_;
            if (is_late()) {
                print_error(fmt::format("{} of {} tasks had not ended in time", left, tasks_.size()));
                return exit_code::timed_out;
            }
            std::fflush(stdout);
            const base::Duration pause =
                std::max(stream_ ? sweep_interval : look_interval, pause_for_each * left);
            if (const auto failure = follow(steady_clock::now() + pause))
                return report(*failure);
        }
    }

    /// Looks at the tasks that the daemon tells of, until then or until none is left.
    std::optional<Failure> follow(steady_clock::time_point until)
    {
        if (deadline_)
            until = std::min(until, *deadline_);
        while (stream_ && std::ranges::any_of(tasks_, std::logical_not(), &Waiting::is_over)) {
            const auto next = stream_->next(until);
            if (!next) {
                stream_.reset();
                return std::nullopt;
            }
            if (!*next)
                return std::nullopt;
            const auto event = read_object((*next)->data);
            const std::string id = event ? shown(object_of(object_of(*event, "event"), "data"), "id") : "";
            const auto one = std::ranges::find(tasks_, id, &Waiting::id);
            if (one == tasks_.end() || one->is_over)
                continue;
            if (auto failure = look(*one))
                return failure;
            std::fflush(stdout);
        }
        if (!stream_)
            std::this_thread::sleep_until(until);
        return std::nullopt;
    }

    /// Looks once; a failure only when there is no point in going on.
    std::optional<Failure> look(Waiting& one)
    {
        auto task = session_.daemon.get_object(task_path(provider_, one.id));
        if (!task && task.error().exit_code == exit_code::unreachable && reached_at_)
            return miss(task.error());
        if (!task) {
            Failure failure = task.error();
            failure.message = fmt::format(
                "{}/{}: {}", base::printable(provider_), base::printable(one.id), failure.message
            );
            return failure;
        }
        reached_at_ = steady_clock::now();
        warned_ = false;
        show_changes(*task, one);
        const std::string state = shown(*task, "status");
        one.is_over = is_terminal_state(state);
        if (one.is_over)
            code_ = worse(code_, exit_code_of(state));
        else if (is_given_up(*task)) {
            one.is_over = true;
            code_ = worse(code_, exit_code::task_not_watched);
            tell_given_up(one, state);
        }
        for (const char* history : {"transitions", "events", "deliveries"})
            task->erase(history);
        one.task = std::move(*task);
        return std::nullopt;
    }

    void tell_given_up(const Waiting& one, const std::string& state) const
    {
        std::fflush(stdout);
        const std::string provider = base::printable(provider_);
        const std::string id = base::printable(one.id);
        print_error(
            fmt::format("{}/{} is no longer watched; it was {} then", provider, id, state),
            fmt::format("\"pollhook task add {} {}\" watches it again", provider, id)
        );
    }

    /// The daemon was there before: it may be restarting.
    std::optional<Failure> miss(const Failure& failure)
    {
        if (steady_clock::now() - *reached_at_ > patience)
            return failure;
        if (!std::exchange(warned_, true))
            fmt::print(stderr, "pollhook: warning: {}; trying again\n", failure.message);
        return std::nullopt;
    }

    void show_changes(const json::object& task, Waiting& one)
    {
        const bool is_first = one.task.empty();
        const json::array& transitions = array_of(task, "transitions");
        // What happened before is told by the state it led to.
        if (is_first)
            show(task, shown_time(task, "changedAt"), shown(task, "status"), shown(task, "progress"), task);
        for (const json::value& value : transitions) {
            const json::object* step = value.if_object();
            const json::value* sequence = step != nullptr ? step->if_contains("sequence") : nullptr;
            if (sequence == nullptr || !sequence->is_int64() || sequence->get_int64() <= one.sequence)
                continue;
            one.sequence = sequence->get_int64();
            if (!is_first)
                show(task, shown_time(*step, "at"), shown(*step, "to"), shown(*step, "toProgress"), *step);
        }
    }

    void show(
        const json::object& task,
        const std::string& time,
        const std::string& state,
        const std::string& progress,
        const json::object& source
    ) const
    {
        if (session_.output == OutputFormat::ndjson) {
            json::object line;
            for (const char* name : {"provider", "id"})
                if (const json::value* value = task.if_contains(name))
                    line[name] = *value;
            for (const auto& member : source)
                if (!member.value().is_array())
                    line.insert_or_assign(member.key(), member.value());
            print_line(line);
        }
        if (session_.output != OutputFormat::table)
            return;
        print(fmt::format(
            "{}  {}/{}  {} {}%\n",
            time,
            shown(task, "provider"),
            shown(task, "id"),
            styled(state, style_of(state), session_.with_color),
            progress
        ));
    }

    [[nodiscard]] bool is_late() const { return deadline_ && steady_clock::now() >= *deadline_; }

    Session& session_;
    std::string provider_;
    std::vector<Waiting> tasks_;
    std::optional<EventStream> stream_;
    std::optional<steady_clock::time_point> deadline_;
    std::optional<steady_clock::time_point> reached_at_;
    bool warned_ = false;
    int code_ = exit_code::ok;
};

}  // namespace

int task_wait(const TaskWaitOptions& options, const ClientOptions& client)
{
    auto session = open_session(client);
    if (!session)
        return report(session.error());
    return Wait(**session, options).run();
}

}  // namespace pollhook::cli
