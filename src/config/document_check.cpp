#include "document.hpp"
#include "sink_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

/// The part of DocumentReader that judges what no single key can tell.
namespace pollhook::config {
namespace {

constexpr std::string_view tasks_own_name = "task";

bool is_set(const Secret& secret)
{
    return !secret.empty() || !secret.reference().empty();
}

/// Whether one socket cannot listen there because of the other. Port 0 is another one each time.
bool is_in_the_way(const ListenAddress& a, const ListenAddress& b)
{
    if (a.is_unix() || b.is_unix())
        return a == b;
    if (a.port != b.port || a.port == 0 || a.address.is_v6() != b.address.is_v6())
        return false;
    return a.address == b.address || a.address.is_unspecified() || b.address.is_unspecified();
}

std::string first_of_list(const std::string& text)
{
    return text.substr(0, text.find(':'));
}

}  // namespace

const Place& place_in(const Places& places, std::string_view key)
{
    const auto found = places.find(key);
    return found == places.end() ? places.find("")->second : found->second;
}

void DocumentReader::report(std::span<const Finding> findings)
{
    for (const Finding& finding : findings)
        report_.add(place_in(places_of(finding), finding.key), finding.problem);
}

const Places& DocumentReader::places_of(const Finding& finding) const
{
    if (finding.section == "provider")
        return provider_places_.at(finding.index);
    if (finding.section == "sink")
        return sink_places_.at(finding.index);
    return single_places_.find(finding.section)->second;
}

void DocumentReader::check(const Place& whole)
{
    // A table that stands in no file is wrong there as a whole.
    for (const char* const name : {"store", "admin", "task_webhooks"})
        single_places_[name].emplace("", whole);
    check_daemon(whole);
    check_admin();
    check_task_webhooks();
    check_unique_names(config_.providers, provider_places_, "provider");
    check_unique_names(config_.sinks, sink_places_, "sink");
    check_unique_files();
    for (std::size_t i = 0; i < config_.providers.size(); ++i)
        check_provider(config_.providers[i], provider_places_[i]);
    for (std::size_t i = 0; i < config_.sinks.size(); ++i)
        check_sink(config_.sinks[i], sink_places_[i]);
}

template <class Section>
void DocumentReader::check_unique_names(
    const std::vector<Section>& sections, const std::vector<Places>& places, std::string_view what
)
{
    std::map<std::string, Place> seen;
    for (std::size_t i = 0; i < sections.size(); ++i) {
        const Place& place = place_in(places[i], "name");
        const auto [first, is_new] = seen.emplace(sections[i].name, place);
        if (!is_new && !sections[i].name.empty())
            report_.add(
                place,
                fmt::format("the {} \"{}\" is defined twice", what, sections[i].name),
                fmt::format("first at {}", first->second.text())
            );
    }
}

void DocumentReader::check_unique_files()
{
    std::map<std::filesystem::path, std::size_t> seen;
    for (std::size_t i = 0; i < config_.sinks.size(); ++i) {
        const Sink& sink = config_.sinks[i];
        if (sink.type != SinkType::file || sink.path.empty())
            continue;
        const auto [first, is_new] = seen.emplace(sink.path, i);
        if (!is_new)
            report_.add(
                place_in(sink_places_[i], "path"),
                fmt::format(
                    "the sink \"{}\" writes to the file of the sink \"{}\"",
                    sink.name,
                    config_.sinks[first->second].name
                ),
                fmt::format("which is at {}", place_in(sink_places_[first->second], "path").text())
            );
    }
}

void DocumentReader::check_daemon(const Place& whole)
{
    if (!config_.daemon.state_dir.empty() || single_places_["daemon"].contains("state_dir"))
        return;
    // systemd separates several directories by colons; ours is the first.
    const std::filesystem::path given(first_of_list(values_.environment()("STATE_DIRECTORY").value_or("")));
    const std::filesystem::path home(values_.environment()("HOME").value_or(""));
    if (given.is_absolute())
        config_.daemon.state_dir = given;
    else if (home.is_absolute())
        config_.daemon.state_dir = home / ".local" / "state" / "pollhook";
    else
        report_.add(whole, "\"state_dir\" is missing in [daemon]", "neither STATE_DIRECTORY nor HOME is set");
}

void DocumentReader::check_admin()
{
    const Admin& admin = config_.admin;
    const auto open =
        std::ranges::find_if(admin.listen, [](const ListenAddress& address) { return !address.is_local(); });
    if (open != admin.listen.end() && !is_set(admin.token) && !single_places_["admin"].contains("token"))
        report_.add(
            place_in(single_places_["admin"], "listen"),
            fmt::format("listening on \"{}\" needs a token, since others can reach it", open->text()),
            "set \"token\" in [admin]"
        );
    for (auto one = admin.listen.begin(); one != admin.listen.end(); ++one) {
        const auto first = std::find_if(admin.listen.begin(), one, [&](const ListenAddress& before) {
            return is_in_the_way(before, *one);
        });
        if (first != one)
            report_.add(
                place_in(single_places_["admin"], "listen"),
                fmt::format("\"{}\" cannot be listened on beside \"{}\"", one->text(), first->text()),
                "leave one of them out"
            );
    }
}

void DocumentReader::check_provider(const Provider& provider, const Places& places)
{
    if (provider.poll_interval <= provider.max_poll_interval)
        return;
    const std::string_view culprit =
        places.contains("max_poll_interval") ? "max_poll_interval" : "poll_interval";
    report_.add(
        place_in(places, culprit),
        fmt::format(
            "\"max_poll_interval\" ({}) must not be less than \"poll_interval\" ({})",
            base::format_duration(provider.max_poll_interval),
            base::format_duration(provider.poll_interval)
        )
    );
}

void DocumentReader::check_task_webhooks()
{
    const Places& places = single_places_["task_webhooks"];
    check_signing(places, "signing_secret", config_.task_webhooks.previous_secrets, report_);
    check_proxy(places, report_);
}

void DocumentReader::check_sink(const Sink& sink, const Places& places)
{
    check_combinations(sink, places, report_);
    if (sink.name == tasks_own_name)
        report_.add(
            place_in(places, "name"),
            fmt::format("\"{}\" cannot be the name of a sink", tasks_own_name),
            "metrics and API call the tasks' own URLs so"
        );
    std::vector<std::string> known;
    known.reserve(config_.providers.size());
    for (const Provider& provider : config_.providers)
        known.push_back(provider.name);
    for (const std::string& name : sink.providers)
        if (!name.empty() && std::ranges::find(known, name) == known.end())
            report_.add(
                place_in(places, "providers"),
                fmt::format("there is no provider \"{}\"", name),
                did_you_mean(name, known)
            );
}

}  // namespace pollhook::config
