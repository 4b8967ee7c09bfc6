#include "commands.hpp"
#include "event_row.hpp"
#include "event_stream.hpp"
#include "exit_code.hpp"
#include "pollhook/base/time.hpp"
#include "session.hpp"

#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <utility>

namespace pollhook::cli {
namespace {

namespace json = boost::json;

std::string target_of(const EventTailOptions& options)
{
    std::string target = "/v1/events/stream";
    char joint = '?';
    const auto add = [&](std::string_view name, std::string_view value) {
        target += fmt::format("{}{}={}", std::exchange(joint, '&'), name, percent_encoded(value));
    };
    if (options.since)
        add("since", base::format_rfc3339(*options.since));
    for (const std::string& type : options.types)
        add("type", type);
    for (const std::string& provider : options.providers)
        add("provider", provider);
    for (const std::string& task : options.tasks)
        add("task", task);
    return target;
}

void tell_gap(const json::object& gap)
{
    if (shown(gap, "reason") == "restored")
        fmt::print(
            stderr, "pollhook: warning: the daemon's database is an older one now; going on with it\n"
        );
    else
        fmt::print(
            stderr,
            "pollhook: warning: some events from {} to {} have been deleted (store.retention)\n",
            shown(gap, "after"),
            shown(gap, "through")
        );
}

}  // namespace

int event_tail(const EventTailOptions& options, const ClientOptions& client)
{
    auto session = open_session(client);
    if (!session)
        return report(session.error());
    EventStream stream(
        (*session)->daemon.address(),
        (*session)->token,
        target_of(options),
        EventStream::Clock::duration::max()
    );
    if (const auto opened = stream.open(); !opened) {
        constexpr int unavailable = 503;
        Failure failure = opened.error();
        if (failure.status == unavailable)
            failure.exit_code = exit_code::try_later;
        return report(failure);
    }
    Table table(event_titles(), (*session)->with_color);
    std::size_t count = 0;
    for (;;) {
        const auto next = stream.next(EventStream::Clock::time_point::max());
        if (!next)
            return report(next.error());
        const auto event = read_object((*next)->data);
        if (!event)
            return report(event.error());
        if ((*next)->type == "gap") {
            tell_gap(*event);
            continue;
        }
        if ((*session)->output == OutputFormat::table) {
            table.add(event_row(*event));
            print(table.take());
        } else {
            print_line(*event);
        }
        // Whoever reads a pipe wants it now; when nobody does any more this is the end.
        if (std::fflush(stdout) != 0)
            return exit_code::failed;
        if (++count == options.count)
            return exit_code::ok;
    }
}

}  // namespace pollhook::cli
