#include "commands.hpp"
#include "exit_code.hpp"
#include "listing.hpp"
#include "session.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

namespace pollhook::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t shown_pause_reason = 60;

std::string count(const json::object& sink, std::string_view state)
{
    const std::string number = shown(object_of(sink, "deliveries"), state);
    return number == "-" ? "0" : number;
}

/// Where it sends to.
std::string target_of(const json::object& sink)
{
    if (shown(sink, "name") == "task")
        return "the tasks' own URLs";
    const std::string url = shown(sink, "url");
    return url == "-" ? shown(sink, "path") : url;
}

Outcome<AdminAnswer> ask(Session& session, const std::string& name, std::string_view verb, std::string body)
{
    return session.daemon.post(fmt::format("/v1/sinks/{}/{}", percent_encoded(name), verb), std::move(body));
}

/// What a sink is after it was paused or resumed.
int show_state(const Session& session, const Outcome<AdminAnswer>& answer)
{
    if (!answer)
        return report(answer.error());
    if (session.output != OutputFormat::table) {
        print(answer->body + '\n');
        return exit_code::ok;
    }
    const auto sink = read_object(answer->body);
    if (!sink)
        return report(sink.error());
    const Cell state = shown_state(*sink, "state");
    const std::string reason = shown(*sink, "reason", 500);
    print(fmt::format(
        "{} is {}{}\n",
        shown(*sink, "name"),
        styled(state.text, state.style, session.with_color),
        reason == "-" ? "" : ": " + reason
    ));
    return exit_code::ok;
}

}  // namespace

int sink_list(const ClientOptions& client)
{
    auto session = open_session(client);
    if (!session)
        return report(session.error());
    Listing listing;
    listing.path = "/v1/sinks";
    listing.member = "sinks";
    listing.titles = {
        "NAME",
        "STATE",
        "TO",
        "PENDING",
        "IN FLIGHT",
        "DEAD",
        "OLDEST PENDING",
        "BREAKER",
        "LAST SUCCESS",
        "REASON",
        "PUBLIC KEY"
    };
    listing.row = [](const json::object& sink) {
        return std::vector<Cell>{
            {shown(sink, "name")},
            shown_state(sink, "state"),
            {target_of(sink)},
            {count(sink, "pending")},
            {count(sink, "inFlight")},
            {count(sink, "dead")},
            {shown_time(sink, "oldestPending")},
            shown_state(sink, "breaker"),
            {shown_time(sink, "lastSuccess")},
            {shown(sink, "reason", shown_pause_reason)},
            {shown(sink, "publicKey")},
        };
    };
    return show_list(**session, listing);
}

int sink_test(const SinkTestOptions& options, const ClientOptions& client)
{
    auto session = open_session(client);
    if (!session)
        return report(session.error());
    const auto answer = ask(**session, options.name, "test", "{}");
    if (!answer)
        return report(answer.error());
    const auto result = read_object(answer->body);
    if (!result)
        return report(result.error());
    const bool delivered = shown(*result, "delivered") == "true";
    const int code = delivered ? exit_code::ok : exit_code::failed;
    if ((*session)->output != OutputFormat::table) {
        print(answer->body + '\n');
        return code;
    }
    const std::string status = shown(*result, "httpStatus");
    const std::string said =
        delivered ? (status == "-" ? "written" : "HTTP " + status) : shown(*result, "error", 500);
    const std::string peer = shown(*result, "peer");
    print(fmt::format(
        "{}: {}, {} ms{}\n",
        styled(
            delivered ? "delivered" : "not delivered",
            delivered ? Style::good : Style::bad,
            (*session)->with_color
        ),
        said,
        shown(*result, "durationMs"),
        peer == "-" ? "" : ", " + peer
    ));
    if (const std::string head = shown(*result, "responseHead", 500); !delivered && head != "-")
        print("the receiver said: " + head + '\n');
    return code;
}

int sink_pause(const SinkPauseOptions& options, const ClientOptions& client)
{
    auto session = open_session(client);
    if (!session)
        return report(session.error());
    json::object body;
    if (!options.reason.empty())
        body["reason"] = options.reason;
    return show_state(**session, ask(**session, options.name, "pause", json::serialize(body)));
}

int sink_resume(const SinkResumeOptions& options, const ClientOptions& client)
{
    auto session = open_session(client);
    if (!session)
        return report(session.error());
    return show_state(**session, ask(**session, options.name, "resume", "{}"));
}

}  // namespace pollhook::cli
