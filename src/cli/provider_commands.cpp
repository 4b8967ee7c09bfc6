#include "commands.hpp"
#include "listing.hpp"
#include "session.hpp"

#include <boost/json/object.hpp>

#include <vector>

namespace pollhook::cli {

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
            {shown(provider, "lastError", 80)},
        };
    };
    return show_list(**session, listing);
}

}  // namespace pollhook::cli
