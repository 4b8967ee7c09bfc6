#include "answers.hpp"
#include "encode.hpp"
#include "parameters.hpp"
#include "pollhook/admin/api.hpp"
#include "pollhook/base/text.hpp"
#include "pollhook/base/time.hpp"
#include "pollhook/http/problem.hpp"
#include "pollhook/task/trace.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pollhook::admin {

namespace asio = boost::asio;
namespace json = boost::json;
using http::problem;
using http::ServerRequest;
using http::ServerResponse;

namespace {

/// What one commit of a bulk registration holds, so that the others who wait for the store get their turn.
constexpr std::size_t registration_chunk = 2000;
constexpr std::size_t most_refusals_shown = 1000;

/// Nothing but a late result may follow an end, so a task that has ended is never watched again.
bool is_watched(const store::WatchedTask& task)
{
    return !is_terminal(task.known.status) || task.settle_until.has_value();
}

json::object encode(const store::Registered& registered, const std::string& provider)
{
    const store::WatchedTask& task = registered.task;
    json::object out;
    out["provider"] = provider;
    out["id"] = task.id;
    const std::string_view status = name(task.known.status);
    out["status"] = json::string(status.data(), status.size());
    out["progress"] = task.known.progress;
    out["sequence"] = task.known.sequence;
    out["registeredAt"] = base::format_rfc3339(task.registered_at);
    out["watching"] = is_watched(task);
    json::array kept;
    if (registered.kept_webhook)
        kept.push_back("webhookUrl");
    if (registered.kept_metadata)
        kept.push_back("metadata");
    out["kept"] = std::move(kept);
    return out;
}

/// Lets the tasks' events belong to the caller's trace, when there is a usable one: exactly one `traceparent`
/// and, in one or several fields, a `tracestate` (W3C Trace Context, 3.3 and 4.2).
void adopt_trace(const ServerRequest& request, std::vector<store::Registration>& registrations)
{
    std::vector<std::string_view> parents;
    std::string state;
    for (const auto& [name, value] : request.fields) {
        if (name == "traceparent")
            parents.push_back(value);
        else if (name == "tracestate")
            state += (state.empty() ? "" : ",") + value;
    }
    const auto parent = parents.size() == 1 ? task::parse_traceparent(base::trim(parents[0])) : std::nullopt;
    if (!parent)
        return;
    const std::string passable = task::passable_tracestate(state);
    for (store::Registration& registration : registrations) {
        registration.traceparent = parent->text();
        registration.tracestate = passable;
    }
}

/// What became of a list of registrations.
class ListOutcome {
public:
    void add(std::size_t created, std::size_t existing, std::size_t kept)
    {
        created_ += created;
        existing_ += existing;
        kept_ += kept;
    }
    /// Of the refusals the first ones are kept; all are counted.
    void refuse(const std::vector<Rejected>& refused)
    {
        rejected_total_ += refused.size();
        for (const Rejected& one : refused) {
            if (rejected_.size() == most_refusals_shown)
                break;
            json::object entry;
            entry["index"] = one.index;
            entry["error"] = one.error;
            rejected_.push_back(std::move(entry));
        }
    }
    [[nodiscard]] int status() const noexcept { return created_ > 0 ? 201 : 200; }
    /// A script that looks at the status alone must not take it for a success when nothing was taken.
    [[nodiscard]] ServerResponse answer() const
    {
        if (created_ + existing_ == 0 && rejected_total_ > 0)
            return problem_with(422, "every entry was rejected; \"rejected\" tells why", counts());
        return admin::answer(status(), counts());
    }
    /// The problem that ended it early, with what was taken before.
    [[nodiscard]] ServerResponse cut_off(const ServerResponse& why) const
    {
        ServerResponse response = why;
        json::object document = json::parse(why.body).get_object();
        for (const auto& member : counts())
            document.insert_or_assign(member.key(), member.value());
        response.body = json::serialize(document);
        return response;
    }

private:
    [[nodiscard]] json::object counts() const
    {
        json::object body;
        body["accepted"] = created_;
        body["existing"] = existing_;
        body["keptTotal"] = kept_;
        body["rejected"] = rejected_;
        body["rejectedTotal"] = rejected_total_;
        return body;
    }

    std::size_t created_ = 0;
    std::size_t existing_ = 0;
    std::size_t kept_ = 0;
    std::size_t rejected_total_ = 0;
    json::array rejected_;
};

/// The parts of `/v1/tasks/{provider}/{id}` after the second slash.
std::optional<task::TaskKey> key_of(std::string_view path)
{
    constexpr std::string_view prefix = "/v1/tasks/";
    path.remove_prefix(prefix.size());
    const auto slash = path.find('/');
    if (slash == std::string_view::npos || slash == 0 || !task::is_valid_id(path.substr(slash + 1)))
        return std::nullopt;
    return task::TaskKey{
        .provider = std::string(path.substr(0, slash)), .id = std::string(path.substr(slash + 1))
    };
}

}  // namespace

Api::Answer Api::route_tasks(const ServerRequest& request)
{
    if (request.path == "/v1/tasks") {
        if (request.method == "POST")
            co_return co_await register_tasks(request);
        if (request.method == "GET")
            co_return co_await list_tasks(request);
        co_return method_not_allowed("GET, POST");
    }
    auto key = key_of(request.path);
    if (!key)
        co_return problem(404, "a task's path is /v1/tasks/PROVIDER/ID");
    if (request.method == "GET")
        co_return co_await show_task(std::move(*key));
    if (request.method == "DELETE")
        co_return co_await remove_task(std::move(*key));
    co_return method_not_allowed("GET, DELETE");
}

Api::Answer Api::register_tasks(const ServerRequest& request)
{
    if (is_ndjson(request))
        co_return co_await import_tasks(request);
    auto read = read_registration(request.body, false, rules_);
    if (!read)
        co_return problem(400, read.error());
    if (!read->is_list && !read->rejected.empty())
        co_return problem(400, read->rejected.front().error);

    adopt_trace(request, read->accepted);
    ListOutcome outcome;
    outcome.refuse(read->rejected);
    const std::string provider = read->accepted.empty() ? "" : read->accepted.back().key.provider;
    std::optional<store::Registered> last;
    auto& batch = read->accepted;
    for (std::size_t begin = 0; begin < batch.size(); begin += registration_chunk) {
        const auto from = std::next(batch.begin(), static_cast<std::ptrdiff_t>(begin));
        const auto to =
            std::next(from, static_cast<std::ptrdiff_t>(std::min(registration_chunk, batch.size() - begin)));
        std::vector<store::Registration> chunk(std::make_move_iterator(from), std::make_move_iterator(to));
        auto done = co_await register_chunk(std::move(chunk));
        if (!done)
            co_return store_problem(done.error());
        outcome.add(done->created, done->existing, done->kept);
        last = std::move(done->last);
    }
    if (read->is_list)
        co_return outcome.answer();
    co_return answer(outcome.status(), encode(*last, provider));
}

/// Makes registrations durable and watches what they name.
asio::awaitable<base::Result<Api::Registration>> Api::register_chunk(std::vector<store::Registration> chunk)
{
    Registration done;
    std::vector<std::string> providers;
    providers.reserve(chunk.size());
    for (const store::Registration& one : chunk)
        providers.push_back(one.key.provider);
    auto registered = co_await with_.store->register_tasks(std::move(chunk), with_.clock->now());
    if (!registered)
        co_return registered.error();
    for (std::size_t i = 0; i < registered->size(); ++i) {
        store::Registered& one = registered->at(i);
        ++(one.created ? done.created : done.existing);
        done.kept += one.kept_webhook || one.kept_metadata ? 1 : 0;
        // A reload may have removed the provider; its tasks are watched when it returns.
        if (poll::Poller* watcher = poller(providers[i]); watcher != nullptr && is_watched(one.task))
            watcher->watch(one.task);
        done.last = std::move(one);
    }
    co_return done;
}

/// NDJSON of any length: each chunk is durable before more is read, so neither a client in a hurry nor a
/// million lines cost memory. What was taken stays, whatever comes later; sending it again changes nothing.
/// Of a body that breaks off the whole lines are taken.
Api::Answer Api::import_tasks(const ServerRequest& request)
{
    RegistrationLines lines(rules_);
    ListOutcome outcome;
    bool is_over = request.stream == nullptr;
    bool is_broken = false;
    if (is_over)
        lines.feed(request.body);
    for (;;) {
        if (!is_over) {
            const base::Result<std::string> piece = co_await request.stream->read();
            is_broken = !piece;
            is_over = is_broken || piece->empty();
            if (!is_broken)
                lines.feed(*piece);
        }
        if (is_over && !is_broken)
            lines.finish();
        if (!is_over && lines.ready() < registration_chunk)
            continue;
        RegistrationRequest read = lines.take();
        outcome.refuse(read.rejected);
        if (!read.accepted.empty()) {
            adopt_trace(request, read.accepted);
            auto done = co_await register_chunk(std::move(read.accepted));
            if (!done)
                co_return outcome.cut_off(store_problem(done.error()));
            outcome.add(done->created, done->existing, done->kept);
        }
        if (is_broken)
            co_return outcome.cut_off(
                problem(400, "the body did not arrive whole; what its whole lines came to is told here")
            );
        if (is_over)
            co_return outcome.answer();
    }
}

Api::Answer Api::list_tasks(const ServerRequest& request) const
{
    auto query = task_query(request);
    if (!query)
        co_return problem(400, query.error());
    auto page = co_await with_.store->tasks(std::move(*query));
    if (!page)
        co_return store_problem(page.error());
    json::array tasks;
    for (const store::TaskSummary& task : page->tasks)
        tasks.push_back(admin::encode(task));
    json::object body;
    body["tasks"] = std::move(tasks);
    body["nextCursor"] = cursor(page->next);
    co_return answer(200, body);
}

Api::Answer Api::show_task(task::TaskKey key) const
{
    auto found = co_await with_.store->task(std::move(key));
    if (!found)
        co_return store_problem(found.error());
    if (!*found)
        co_return problem(404, "no such task is known");
    const store::TaskDetail& detail = **found;
    json::object body = admin::encode(detail.summary);
    body["contradiction"] =
        detail.contradiction.empty() ? json::value(nullptr) : json::value(detail.contradiction);
    json::array transitions;
    for (const store::TransitionRow& one : detail.transitions)
        transitions.push_back(admin::encode(one));
    body["transitions"] = std::move(transitions);
    json::array deliveries;
    for (const store::DeliverySummary& one : detail.deliveries)
        deliveries.push_back(admin::encode(one));
    body["deliveries"] = std::move(deliveries);

    // The events are long; their text goes in as it is stored.
    ServerResponse response = answer(200, body);
    response.body.pop_back();
    response.body += R"(,"events":[)";
    for (std::size_t i = 0; i < detail.events.size(); ++i)
        response.body += (i == 0 ? "" : ",") + encode_event(detail.events[i]);
    response.body += "]}";
    co_return response;
}

Api::Answer Api::remove_task(task::TaskKey key)
{
    const std::string provider = key.provider;
    const std::string id = key.id;
    auto stopped = co_await with_.store->stop_watching(std::move(key), with_.clock->now());
    if (!stopped)
        co_return store_problem(stopped.error());
    if (!*stopped)
        co_return problem(404, "no such task is known");
    if (poll::Poller* one = poller(provider))
        one->forget(id);
    ServerResponse response;
    response.status = 204;
    co_return response;
}

}  // namespace pollhook::admin
