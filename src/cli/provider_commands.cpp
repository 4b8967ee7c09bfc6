#include "commands.hpp"
#include "exit_code.hpp"
#include "listing.hpp"
#include "session.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pollhook::cli {
namespace {

/// Pauses or resumes, and shows what the provider is then.
int ask(const std::string& name, std::string_view verb, std::string body, const ClientOptions& client)
{
    auto session = open_session(client);
    if (!session)
        return report(session.error());
    const std::string path = fmt::format("/v1/providers/{}/{}", percent_encoded(name), verb);
    const auto answer = (*session)->daemon.post(path, std::move(body));
    if (!answer)
        return report(answer.error());
    if ((*session)->output != OutputFormat::table) {
        print(answer->body + '\n');
        return exit_code::ok;
    }
    const auto provider = read_object(answer->body);
    if (!provider)
        return report(provider.error());
    const Cell state = shown_state(*provider, "state");
    const std::string reason = shown(*provider, "reason", 500);
    print(fmt::format(
        "{} is {}{}\n",
        shown(*provider, "name"),
        styled(state.text, state.style, (*session)->with_color),
        reason == "-" ? "" : ": " + reason
    ));
    return exit_code::ok;
}

}  // namespace

int provider_list(const ClientOptions& client)
{
    auto session = open_session(client);
    if (!session)
        return report(session.error());
    Listing listing;
    listing.path = "/v1/providers";
    listing.member = "providers";
    listing.titles = {
        "NAME", "STATE", "WATCHED", "IN FLIGHT", "REQUESTS", "FAILED LOOKS", "LAST ANSWER", "ERROR"
    };
    listing.row = [](const boost::json::object& provider) {
        return std::vector<Cell>{
            {shown(provider, "name")},
            shown_state(provider, "state"),
            {shown(provider, "tasks")},
            {shown(provider, "inFlight")},
            {shown(provider, "requests")},
            {shown(provider, "failedLooks")},
            {shown_time(provider, "lastSuccessAt")},
            {shown(provider, shown(provider, "state") == "paused" ? "reason" : "lastError", 80)},
        };
    };
    return show_list(**session, listing);
}

int provider_pause(const ProviderPauseOptions& options, const ClientOptions& client)
{
    boost::json::object body;
    if (!options.reason.empty())
        body["reason"] = options.reason;
    return ask(options.name, "pause", boost::json::serialize(body), client);
}

int provider_resume(const ProviderResumeOptions& options, const ClientOptions& client)
{
    return ask(options.name, "resume", "{}", client);
}

}  // namespace pollhook::cli
