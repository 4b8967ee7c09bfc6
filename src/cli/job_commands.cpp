#include "commands.hpp"
#include "exit_code.hpp"
#include "job_progress.hpp"
#include "listing.hpp"
#include "plain_text.hpp"
#include "session.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pollhook::cli {
namespace {

namespace json = boost::json;

std::string job_path(const std::string& id)
{
    return "/v1/jobs/" + percent_encoded(id);
}

std::string types_of(const json::object& job)
{
    std::string names;
    for (const json::value& type : array_of(job, "types"))
        if (type.is_string())
            names += (names.empty() ? "" : ", ") + plain_text(std::string_view(type.get_string()));
    return names.empty() ? "-" : names;
}

void print_details(const json::object& job, bool with_color)
{
    const Cell state = shown_state(job, "state");
    print(fmt::format(
        "{}  {}  {}\n",
        styled("job " + shown(job, "id"), Style::bold, with_color),
        styled(state.text, state.style, with_color),
        job_text(job)
    ));
    const std::pair<std::string_view, std::string> lines[] = {
        {"examined", shown(job, "examined") + " of " + shown(job, "total")},
        {"deliveries", shown(job, "deliveries")},
        {"a second", shown(job, "perSecond")},
        {"created", shown_time(job, "createdAt")},
        {"ended", shown_time(job, "endedAt")},
        {"since", shown_time(job, "since")},
        {"until", shown_time(job, "until")},
        {"types", types_of(job)},
        {"state", shown(job, "deliveryState")},
        {"sink", shown(job, "sink")},
        {"task", shown(job, "task")},
        {"origin", shown(job, "origin")},
    };
    for (const auto& [name, text] : lines)
        if (text != "-")
            print(fmt::format("  {:<11} {}\n", name, text));
}

}  // namespace

int job_list(const JobListOptions& options, const ClientOptions& client)
{
    auto session = open_session(client);
    if (!session)
        return report(session.error());
    Listing listing;
    listing.path = "/v1/jobs";
    listing.member = "jobs";
    listing.paging = Paging{.limit = options.limit};
    listing.titles = {"ID", "STATE", "JOB", "EXAMINED", "OF", "DELIVERIES", "CREATED", "ENDED"};
    listing.row = [](const json::object& job) {
        return std::vector<Cell>{
            {shown(job, "id")},
            shown_state(job, "state"),
            {job_text(job)},
            {shown(job, "examined")},
            {shown(job, "total")},
            {shown(job, "deliveries")},
            {shown_time(job, "createdAt")},
            {shown_time(job, "endedAt")},
        };
    };
    return show_list(**session, listing);
}

int job_show(const JobShowOptions& options, const ClientOptions& client)
{
    auto session = open_session(client);
    if (!session)
        return report(session.error());
    const auto answer = (*session)->daemon.get(job_path(options.id));
    if (!answer)
        return report(answer.error());
    if ((*session)->output != OutputFormat::table) {
        print(answer->body + '\n');
        return exit_code::ok;
    }
    const auto job = read_object(answer->body);
    if (!job)
        return report(job.error());
    print_details(*job, (*session)->with_color);
    return exit_code::ok;
}

int job_cancel(const JobCancelOptions& options, const ClientOptions& client)
{
    auto session = open_session(client);
    if (!session)
        return report(session.error());
    const auto answer = (*session)->daemon.remove(job_path(options.id));
    if (!answer)
        return report(answer.error());
    const auto job = read_object(answer->body);
    if (!job)
        return report(job.error());
    print_job(*job, (*session)->output);
    return exit_code::ok;
}

}  // namespace pollhook::cli
