#include "commands.hpp"
#include "exit_code.hpp"
#include "job_progress.hpp"
#include "output.hpp"
#include "session.hpp"
#include "terminal.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace pollhook::cli {
namespace {

namespace json = boost::json;

void put_time(json::object& body, const char* name, const std::optional<base::TimePoint>& time)
{
    if (time)
        body[name] = base::format_rfc3339(*time);
}

json::object filter_of(const DeliveryRetryOptions& options)
{
    json::object filter;
    const std::pair<const char*, const std::string&> texts[] = {
        {"state", options.state}, {"sink", options.sink}, {"task", options.task}, {"origin", options.origin}
    };
    for (const auto& [name, text] : texts)
        if (!text.empty())
            filter[name] = text;
    put_time(filter, "since", options.since);
    put_time(filter, "until", options.until);
    return filter;
}

int wrong_usage(std::string_view message)
{
    print_error(message, R"("pollhook delivery retry --help" tells how it is used)");
    return exit_code::usage;
}

int retry_one(Session& session, const std::string& id)
{
    const auto answer = session.daemon.post("/v1/deliveries/" + percent_encoded(id) + "/retry", "{}");
    if (!answer)
        return report(answer.error());
    if (session.output != OutputFormat::table) {
        print(answer->body + '\n');
        return exit_code::ok;
    }
    const auto delivery = read_object(answer->body);
    if (!delivery)
        return report(delivery.error());
    print(fmt::format("{} is {}\n", shown(*delivery, "id"), shown(*delivery, "state")));
    return exit_code::ok;
}

/// `what`: of a job that would be created, `deliveries` or `events`.
int count_matching(const Session& session, const std::string& body, std::string_view what)
{
    if (session.output != OutputFormat::table) {
        print(body + '\n');
        return exit_code::ok;
    }
    const auto count = read_object(body);
    if (!count)
        return report(count.error());
    print(fmt::format("{} {} match\n", shown(*count, "matching"), what));
    return exit_code::ok;
}

}  // namespace

int delivery_retry(const DeliveryRetryOptions& options, const ClientOptions& client)
{
    json::object body = filter_of(options);
    if (!options.id.empty() && (!body.empty() || options.dry_run))
        return wrong_usage("an ID names one delivery: it goes with no filter and no --dry-run");
    if (options.id.empty() && body.empty())
        return wrong_usage("say which deliveries: an ID, or a filter such as --state dead");
    auto session = open_session(client);
    if (!session)
        return report(session.error());
    if (!options.id.empty())
        return retry_one(**session, options.id);
    if (options.rate)
        body["perSecond"] = *options.rate;
    if (options.dry_run)
        body["dryRun"] = true;
    const auto answer = (*session)->daemon.post("/v1/deliveries/retry", json::serialize(body));
    if (!answer)
        return report(answer.error());
    if (options.dry_run)
        return count_matching(**session, answer->body, "deliveries");
    return follow_job(**session, answer->body, options.no_wait ? Waiting::no : Waiting::yes);
}

int sink_replay(const SinkReplayOptions& options, const ClientOptions& client)
{
    auto session = open_session(client);
    if (!session)
        return report(session.error());
    json::object body;
    put_time(body, "since", options.since);
    put_time(body, "until", options.until);
    if (!options.types.empty())
        body["types"] = json::array(options.types.begin(), options.types.end());
    if (options.rate)
        body["perSecond"] = *options.rate;
    if (options.dry_run)
        body["dryRun"] = true;
    const auto answer = (*session)->daemon.post(
        "/v1/sinks/" + percent_encoded(options.name) + "/replay", json::serialize(body)
    );
    if (!answer)
        return report(answer.error());
    if (options.dry_run)
        return count_matching(**session, answer->body, "events");
    return follow_job(**session, answer->body, options.no_wait ? Waiting::no : Waiting::yes);
}

}  // namespace pollhook::cli
