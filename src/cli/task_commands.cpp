#include "commands.hpp"
#include "exit_code.hpp"
#include "listing.hpp"
#include "plain_text.hpp"
#include "pollhook/base/plain_json.hpp"
#include "pollhook/base/text.hpp"
#include "session.hpp"
#include "task_outcome.hpp"
#include "terminal.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <optional>
#include <utility>

namespace pollhook::cli {
namespace {

namespace json = boost::json;

std::string progress_text(const json::object& task)
{
    return shown(task, "progress") + "%";
}

/// `running`, or `running, not watched` for ever.
Cell shown_status(const json::object& task)
{
    Cell status = shown_state(task, "status");
    if (is_given_up(task)) {
        status.text += ", not watched";
        status.style = Style::dim;
    }
    return status;
}

/// The registrations of `task add`, one for each id; empty after an error was shown.
std::optional<json::array> registrations(const TaskAddOptions& options)
{
    json::value metadata;
    if (!options.metadata.empty()) {
        boost::system::error_code ec;
        metadata = json::parse(options.metadata, ec);
        if (ec || !metadata.is_object()) {
            print_error("the metadata is not a JSON object", R"(such as '{"orderId":"A-17"}')");
            return std::nullopt;
        }
    }
    json::array tasks;
    for (const std::string& id : options.ids) {
        json::object task;
        task["provider"] = options.provider;
        task["id"] = id;
        if (!options.webhook_url.empty())
            task["webhookUrl"] = options.webhook_url;
        if (!metadata.is_null())
            task["metadata"] = metadata;
        tasks.push_back(std::move(task));
    }
    return tasks;
}

/// What the task has already stays, whatever is given now.
void tell_kept(const json::object& task)
{
    std::string names;
    for (const json::value& name : array_of(task, "kept"))
        if (name.is_string())
            names += (names.empty() ? "" : " and ") + plain_text(std::string_view(name.get_string()));
    if (!names.empty())
        fmt::print(
            stderr,
            "pollhook: warning: {}/{} keeps the {} that it was given first\n",
            shown(task, "provider"),
            shown(task, "id"),
            names
        );
}

int add_one(Session& session, const json::value& registration)
{
    const auto answer = session.daemon.post("/v1/tasks", base::plain_json(registration));
    if (!answer)
        return report(answer.error());
    const auto task = read_object(answer->body);
    if (!task)
        return report(task.error());
    tell_kept(*task);
    if (session.output != OutputFormat::table) {
        print(answer->body + '\n');
        return exit_code::ok;
    }
    constexpr int created = 201;
    const bool is_watched = shown(*task, "watching") != "false";
    print(fmt::format(
        "{} {}/{}{}\n",
        answer->status == created ? "watching" : "known already:",
        shown(*task, "provider"),
        shown(*task, "id"),
        is_watched ? "" : ", ended as " + shown(*task, "status") + ": not watched"
    ));
    return exit_code::ok;
}

int add_many(Session& session, json::array registrations, const std::vector<std::string>& ids)
{
    json::object body;
    body["tasks"] = std::move(registrations);
    const auto answer = register_many(session.daemon, base::plain_json(body));
    if (!answer)
        return report(answer.error());
    const auto result = read_object(*answer);
    if (!result)
        return report(result.error());
    if (session.output != OutputFormat::table)
        print(*answer + '\n');
    else
        print(
            fmt::format("{} new, {} known already\n", shown(*result, "accepted"), shown(*result, "existing"))
        );
    tell_kept_total(count_of(*result, "keptTotal"));
    const json::array& rejected = array_of(*result, "rejected");
    for (const json::value& value : rejected) {
        const json::object* one = value.if_object();
        const json::value* index = one != nullptr ? one->if_contains("index") : nullptr;
        if (index == nullptr || !index->is_int64() ||
            static_cast<std::uint64_t>(index->get_int64()) >= ids.size())
            continue;
        const std::string& id = ids[static_cast<std::size_t>(index->get_int64())];
        print_error(fmt::format("{}: {}", base::printable(id), shown(*one, "error", 2000)));
    }
    return rejected.empty() ? exit_code::ok : exit_code::bad_input;
}

void print_summary(const json::object& task, bool with_color)
{
    const Cell state = shown_status(task);
    print(fmt::format(
        "{}  {} {}\n",
        styled(shown(task, "provider") + "/" + shown(task, "id"), Style::bold, with_color),
        styled(state.text, state.style, with_color),
        progress_text(task)
    ));
    // The newest event tells more than the task's row.
    const json::array& events = array_of(task, "events");
    static const json::object nothing;
    const json::object* newest = events.empty() ? &nothing : events.back().if_object();
    const json::object& data = object_of(object_of(newest != nullptr ? *newest : nothing, "event"), "data");

    constexpr std::size_t long_text = 2000;
    const std::pair<std::string_view, std::string> lines[] = {
        {"action", shown(data, "action")},
        {"prompt", shown(data, "prompt", long_text)},
        {"relay's word", shown(task, "upstreamStatus")},
        {"failure", shown(data, "failReason", long_text)},
        {"image", shown(data, "imageUrl", long_text)},
        {"registered", shown_time(task, "registeredAt")},
        {"changed", shown_time(task, "changedAt")},
        {"ended", shown_time(task, "endedAt")},
        {"webhook", shown(task, "webhookUrl", long_text)},
        {"contradiction", shown(task, "contradiction", long_text)},
    };
    for (const auto& [name, text] : lines)
        if (text != "-" && !text.empty())
            print(fmt::format("  {:<14} {}\n", name, text));
    for (const auto& member : object_of(task, "metadata")) {
        const std::string name(member.key().data(), member.key().size());
        print(fmt::format(
            "  {:<14} {}: {}\n",
            "metadata",
            base::printable(name),
            shown(object_of(task, "metadata"), name, long_text)
        ));
    }
}

void print_transitions(const json::array& transitions, bool with_color)
{
    Table table({"SEQ", "TIME", "TYPE", "FROM", "TO", "PROGRESS", "RELAY'S WORD"}, with_color);
    for (const json::value& value : transitions) {
        if (const json::object* one = value.if_object())
            table.add({
                {shown(*one, "sequence")},
                {shown_time(*one, "at")},
                {shown(*one, "type")},
                shown_state(*one, "from"),
                shown_state(*one, "to"),
                {fmt::format("{}% to {}%", shown(*one, "fromProgress"), shown(*one, "toProgress"))},
                {shown(*one, "upstreamStatus")},
            });
    }
    if (!table.is_empty())
        print('\n' + table.take());
}

void print_deliveries(const json::array& deliveries, bool with_color)
{
    Table table({"DELIVERY", "STATE", "SEQ", "TYPE", "TO", "ATTEMPTS", "NEXT ATTEMPT", "REASON"}, with_color);
    for (const json::value& value : deliveries) {
        if (const json::object* one = value.if_object())
            table.add({
                {shown(*one, "id")},
                shown_state(*one, "state"),
                {shown(*one, "sequence")},
                {shown(*one, "type")},
                {shown(*one, "origin")},
                {shown(*one, "attempts")},
                {shown_time(*one, "nextAttemptAt")},
                {shown(*one, "reason", 60)},
            });
    }
    if (!table.is_empty())
        print('\n' + table.take());
}

}  // namespace

int task_add(const TaskAddOptions& options, const ClientOptions& client)
{
    auto tasks = registrations(options);
    if (!tasks)
        return exit_code::bad_input;
    auto session = open_session(client);
    if (!session)
        return report(session.error());
    const int code = options.ids.size() == 1 ? add_one(**session, tasks->front())
                                             : add_many(**session, std::move(*tasks), options.ids);
    if (code != exit_code::ok || !options.wait)
        return code;
    TaskWaitOptions wait;
    wait.provider = options.provider;
    wait.ids = options.ids;
    return task_wait(wait, client);
}

int task_list(const TaskListOptions& options, const ClientOptions& client)
{
    auto session = open_session(client);
    if (!session)
        return report(session.error());
    Listing listing;
    listing.path = "/v1/tasks";
    listing.member = "tasks";
    listing.paging = options.paging;
    listing.filters = {{"status", options.status}, {"provider", options.provider}, {"q", options.q}};
    listing.titles = {"PROVIDER", "ID", "STATUS", "PROGRESS", "CHANGED", "REGISTERED", "WEBHOOK"};
    listing.row = [](const json::object& task) {
        return std::vector<Cell>{
            {shown(task, "provider")},
            {shown(task, "id")},
            shown_status(task),
            {progress_text(task)},
            {shown_time(task, "changedAt")},
            {shown_time(task, "registeredAt")},
            {shown(task, "webhookUrl", 80)},
        };
    };
    return show_list(**session, listing);
}

int task_show(const TaskShowOptions& options, const ClientOptions& client)
{
    auto session = open_session(client);
    if (!session)
        return report(session.error());
    const auto answer = (*session)->daemon.get(task_path(options.provider, options.id));
    if (!answer)
        return report(answer.error());
    if ((*session)->output != OutputFormat::table) {
        print(answer->body + '\n');
        return exit_code::ok;
    }
    const auto task = read_object(answer->body);
    if (!task)
        return report(task.error());
    const bool with_color = (*session)->with_color;
    print_summary(*task, with_color);
    print_transitions(array_of(*task, "transitions"), with_color);
    print_deliveries(array_of(*task, "deliveries"), with_color);
    return exit_code::ok;
}

int task_remove(const TaskRemoveOptions& options, const ClientOptions& client)
{
    auto session = open_session(client);
    if (!session)
        return report(session.error());
    json::array removed;
    int code = exit_code::ok;
    for (const std::string& id : options.ids) {
        const auto answer = (*session)->daemon.remove(task_path(options.provider, id));
        if (!answer) {
            Failure failure = answer.error();
            failure.message = fmt::format(
                "{}/{}: {}", base::printable(options.provider), base::printable(id), failure.message
            );
            code = report(failure);
            if (failure.status == 404)
                continue;
            break;
        }
        json::object one;
        one["provider"] = options.provider;
        one["id"] = id;
        switch ((*session)->output) {
            case OutputFormat::table:
                print(fmt::format(
                    "no longer watching {}/{}\n", base::printable(options.provider), base::printable(id)
                ));
                break;
            case OutputFormat::ndjson: print_line(one); break;
            case OutputFormat::json: removed.push_back(std::move(one)); break;
        }
    }
    if ((*session)->output == OutputFormat::json) {
        json::object body;
        body["removed"] = std::move(removed);
        print_line(body);
    }
    return code;
}

}  // namespace pollhook::cli
