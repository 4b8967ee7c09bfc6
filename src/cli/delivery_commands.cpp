#include "commands.hpp"
#include "exit_code.hpp"
#include "listing.hpp"
#include "session.hpp"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include <utility>

namespace pollhook::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t shown_reason = 60;
constexpr std::size_t shown_answer = 500;

/// `quick/17`; pollhook's own events are of a subject without a provider: `sink/ops`.
std::string task_of(const json::object& delivery)
{
    const std::string provider = shown(delivery, "provider");
    return provider.empty() || provider == "-" ? shown(delivery, "task")
                                               : provider + "/" + shown(delivery, "task");
}

/// `look-up 1, connect 3, TLS 9, first byte 20 ms`: the parts of an attempt that took time.
std::string split_text(const json::object& timing)
{
    const std::pair<std::string_view, std::string> parts[] = {
        {"look-up", shown(timing, "lookUpMs")},
        {"connect", shown(timing, "connectMs")},
        {"TLS", shown(timing, "tlsMs")},
        {"first byte", shown(timing, "firstByteMs")},
    };
    std::string out;
    for (const auto& [name, milliseconds] : parts)
        if (milliseconds != "-" && milliseconds != "0")
            out += fmt::format("{}{} {}", out.empty() ? "" : ", ", name, milliseconds);
    return out.empty() ? "-" : out + " ms";
}

void print_attempts(const json::array& attempts, bool with_color)
{
    Table table({"ATTEMPT", "TIME", "RESULT", "TOOK", "OF THAT", "PEER", "DECISION"}, with_color);
    std::size_t number = 0;
    for (const json::value& value : attempts) {
        if (!value.is_object())
            continue;
        const json::object& attempt = value.get_object();
        const std::string status = shown(attempt, "status");
        table.add({
            {std::to_string(++number)},
            {shown_time(attempt, "at")},
            {status == "-" ? shown(attempt, "errorClass") : "HTTP " + status},
            {shown(object_of(attempt, "timing"), "totalMs") + " ms"},
            {split_text(object_of(attempt, "timing"))},
            {shown(attempt, "peer")},
            {shown(attempt, "decision")},
        });
    }
    if (table.is_empty()) {
        print("\nno attempt yet\n");
        return;
    }
    print('\n' + table.take());
    const json::object* last = attempts.back().if_object();
    const std::string said = last != nullptr ? shown(*last, "responseHead", shown_answer) : "-";
    if (said != "-")
        print("\nthe last answer: " + said + '\n');
}

void print_delivery(const json::object& delivery, bool with_color)
{
    const Cell state = shown_state(delivery, "state");
    print(fmt::format(
        "{}  {}\n",
        styled(shown(delivery, "id"), Style::bold, with_color),
        styled(state.text, state.style, with_color)
    ));
    const std::string url = shown(delivery, "url", 2000);
    const std::pair<std::string_view, std::string> lines[] = {
        {"task", task_of(delivery)},
        {"event", shown(delivery, "type") + " (" + shown(delivery, "eventId") + ")"},
        {"to", url == "-" ? shown(delivery, "sink") : url},
        {"created", shown_time(delivery, "createdAt")},
        {"next attempt", shown_time(delivery, "nextAttemptAt")},
        {"ended", shown_time(delivery, "endedAt")},
        {"reason", shown(delivery, "reason", 2000)},
        {"traceparent", shown(delivery, "traceparent")},
    };
    for (const auto& [name, text] : lines)
        if (text != "-")
            print(fmt::format("  {:<13} {}\n", name, text));
    print_attempts(array_of(delivery, "attemptLog"), with_color);
}

}  // namespace

int delivery_list(const DeliveryListOptions& options, const ClientOptions& client)
{
    auto session = open_session(client);
    if (!session)
        return report(session.error());
    Listing listing;
    listing.path = "/v1/deliveries";
    listing.member = "deliveries";
    listing.paging = options.paging;
    listing.filters = {
        {"state", options.state}, {"sink", options.sink}, {"task", options.task}, {"origin", options.origin}
    };
    listing.titles = {"ID", "STATE", "TASK", "TYPE", "TO", "ATTEMPTS", "NEXT ATTEMPT", "ENDED", "REASON"};
    listing.row = [](const json::object& delivery) {
        return std::vector<Cell>{
            {shown(delivery, "id")},
            shown_state(delivery, "state"),
            {task_of(delivery)},
            {shown(delivery, "type")},
            {shown(delivery, "origin")},
            {shown(delivery, "attempts")},
            {shown_time(delivery, "nextAttemptAt")},
            {shown_time(delivery, "endedAt")},
            {shown(delivery, "reason", shown_reason)},
        };
    };
    return show_list(**session, listing);
}

int delivery_show(const DeliveryShowOptions& options, const ClientOptions& client)
{
    auto session = open_session(client);
    if (!session)
        return report(session.error());
    const auto answer = (*session)->daemon.get("/v1/deliveries/" + percent_encoded(options.id));
    if (!answer)
        return report(answer.error());
    if ((*session)->output != OutputFormat::table) {
        print(answer->body + '\n');
        return exit_code::ok;
    }
    const auto delivery = read_object(answer->body);
    if (!delivery)
        return report(delivery.error());
    print_delivery(*delivery, (*session)->with_color);
    return exit_code::ok;
}

}  // namespace pollhook::cli
