#include "commands.hpp"
#include "exit_code.hpp"
#include "output.hpp"
#include "pollhook/base/text.hpp"
#include "pollhook/base/time.hpp"
#include "session.hpp"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pollhook::cli {
namespace {

namespace json = boost::json;

std::int64_t number_of(const json::object& object, std::string_view name)
{
    const json::value* value = object.if_contains({name.data(), name.size()});
    return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

/// `2d 3h`: the two largest units that are not zero.
std::string span_text(std::int64_t seconds)
{
    constexpr std::array<std::pair<std::int64_t, char>, 4> units{
        {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}}
    };
    std::string out;
    int shown_units = 0;
    for (const auto& [size, letter] : units) {
        if (seconds >= size && shown_units < 2) {
            out += fmt::format("{}{}{}", out.empty() ? "" : " ", seconds / size, letter);
            ++shown_units;
        }
        seconds %= size;
    }
    return out.empty() ? "0s" : out;
}

std::string size_text(std::int64_t bytes)
{
    constexpr std::array<std::string_view, 4> units{"KiB", "MiB", "GiB", "TiB"};
    double size = static_cast<double>(bytes) / 1024;
    std::size_t unit = 0;
    for (; size >= 1024 && unit + 1 < units.size(); ++unit)
        size /= 1024;
    return fmt::format("{:.1f} {}", size, units.at(unit));
}

/// `12 pending, 3 dead`; `none` when all are zero.
std::string counts_text(const json::object& counts, bool with_color)
{
    std::string out;
    for (const auto& count : counts) {
        const std::string name = base::printable({count.key().data(), count.key().size()});
        if (number_of(counts, name) > 0)
            out += fmt::format(
                "{}{} {}",
                out.empty() ? "" : ", ",
                number_of(counts, name),
                styled(name, style_of(name), with_color)
            );
    }
    return out.empty() ? "none" : out;
}

/// The states that have a column: the usual ones, and of the others those that some task is in.
std::vector<std::string> shown_states(const json::object& tasks)
{
    std::vector<std::string> states;
    for (const char* state :
         {"queued", "running", "waiting", "succeeded", "failed", "cancelled", "lost", "expired", "unknown"}) {
        const std::string_view name = state;
        const bool is_usual =
            name == "queued" || name == "running" || name == "succeeded" || name == "failed";
        const auto is_there = [&](const auto& provider) {
            return provider.value().is_object() && number_of(provider.value().get_object(), name) > 0;
        };
        if (is_usual || std::ranges::any_of(tasks, is_there))
            states.emplace_back(name);
    }
    return states;
}

void print_providers(const json::object& status, const json::object& providers, bool with_color)
{
    const json::object& tasks = object_of(status, "tasks");
    const std::vector<std::string> states = shown_states(tasks);
    std::vector<std::string> titles{"PROVIDER", "STATE", "WATCHED"};
    for (std::string title : states) {
        std::ranges::transform(title, title.begin(), [](unsigned char c) { return std::toupper(c); });
        titles.push_back(std::move(title));
    }
    titles.insert(titles.end(), {"LAST ANSWER", "ERROR"});
    Table table(std::move(titles), with_color);
    for (const json::value& value : array_of(providers, "providers")) {
        if (!value.is_object())
            continue;
        const json::object& provider = value.get_object();
        const json::object& counts = object_of(tasks, shown(provider, "name"));
        std::vector<Cell> row{
            {shown(provider, "name")}, shown_state(provider, "state"), {shown(provider, "tasks")}
        };
        for (const std::string& state : states)
            row.push_back({std::to_string(number_of(counts, state))});
        row.push_back({shown_time(provider, "lastSuccessAt")});
        row.push_back({shown(provider, shown(provider, "state") == "paused" ? "reason" : "lastError", 80)});
        table.add(std::move(row));
    }
    print(table.take());
}

/// `ok at 2026-11-21T03:18:39Z: changed daemon.log_level`
std::string reload_text(const json::object& reload, bool with_color)
{
    const bool succeeded = shown(reload, "success") == "true";
    return fmt::format(
        "{} at {}: {}",
        styled(succeeded ? "ok" : "failed", succeeded ? Style::good : Style::bad, with_color),
        shown_time(reload, "time"),
        shown(reload, "message", 500)
    );
}

/// `2 ok, ops paused`
std::string sinks_text(const json::object& sinks, bool with_color)
{
    std::size_t good = 0;
    std::string others;
    for (const auto& sink : sinks) {
        const std::string name(sink.key().data(), sink.key().size());
        const Cell state = shown_state(sinks, name);
        if (state.text == "ok")
            ++good;
        else
            others +=
                fmt::format(", {} {}", base::printable(name), styled(state.text, state.style, with_color));
    }
    return fmt::format("{} ok{}", good, others);
}

}  // namespace

int status(const ClientOptions& client)
{
    auto session = open_session(client);
    if (!session)
        return report(session.error());
    AdminClient& daemon = (*session)->daemon;
    const auto answer = daemon.get("/v1/status");
    if (!answer)
        return report(answer.error());
    if ((*session)->output != OutputFormat::table) {
        print(answer->body + '\n');
        return exit_code::ok;
    }
    const auto status = read_object(answer->body);
    if (!status)
        return report(status.error());
    const auto providers = daemon.get_object("/v1/providers");
    if (!providers)
        return report(providers.error());

    const bool with_color = (*session)->with_color;
    print(fmt::format(
        "pollhook {} at {}, up {}\n\n",
        shown(*status, "version"),
        base::printable(daemon.address().text),
        span_text(number_of(*status, "uptimeSeconds"))
    ));
    print_providers(*status, *providers, with_color);
    print(fmt::format("\ndeliveries  {}\n", counts_text(object_of(*status, "deliveries"), with_color)));
    if (const std::string oldest = shown_time(*status, "oldestPendingDelivery"); oldest != "-")
        print(fmt::format("            the oldest waits since {}\n", oldest));
    if (const json::object& sinks = object_of(*status, "sinks"); !sinks.empty())
        print(fmt::format("sinks       {}\n", sinks_text(sinks, with_color)));
    if (const auto open = number_of(object_of(*status, "delivery"), "openBreakers"); open > 0)
        print(fmt::format("breakers    {} open: receivers that fail are asked less often\n", open));
    if (const json::object& last = object_of(*status, "lastReload"); !last.empty())
        print(fmt::format("reload      {}\n", reload_text(last, with_color)));
    print(fmt::format(
        "store       {} with {} events\n",
        size_text(number_of(*status, "storeBytes")),
        number_of(*status, "events")
    ));
    return exit_code::ok;
}

}  // namespace pollhook::cli
