#include "commands.hpp"
#include "event_row.hpp"
#include "listing.hpp"
#include "pollhook/base/time.hpp"

#include <utility>

namespace pollhook::cli {

std::vector<std::string> event_titles()
{
    return {"POSITION", "TIME", "TYPE", "PROVIDER", "TASK", "SEQ", "PROGRESS", "EVENT"};
}

std::vector<Cell> event_row(const boost::json::object& event)
{
    const boost::json::object& body = object_of(event, "event");
    const boost::json::object& data = object_of(body, "data");
    return {
        {shown(event, "position")},
        {shown_time(body, "timestamp")},
        {shown(body, "type"), style_of(shown(data, "status"))},
        {shown(data, "provider")},
        // pollhook's own events are of a subject, such as sink/ops.
        {shown(data, data.contains("subject") ? "subject" : "id")},
        {shown(data, "sequence")},
        {data.contains("progress") ? shown(data, "progress") + "%" : "-"},
        {shown(event, "id"), Style::dim},
    };
}

int event_list(const EventListOptions& options, const ClientOptions& client)
{
    auto session = open_session(client);
    if (!session)
        return report(session.error());
    Listing listing;
    listing.path = "/v1/events";
    listing.member = "events";
    listing.paging = options.paging;
    listing.filters.emplace_back("order", options.order);
    if (options.since)
        listing.filters.emplace_back("since", base::format_rfc3339(*options.since));
    for (const std::string& type : options.types)
        listing.filters.emplace_back("type", type);
    for (const std::string& provider : options.providers)
        listing.filters.emplace_back("provider", provider);
    for (const std::string& task : options.tasks)
        listing.filters.emplace_back("task", task);
    listing.titles = event_titles();
    listing.row = event_row;
    return show_list(**session, listing);
}

}  // namespace pollhook::cli
