#include "pollhook/service/preflight.hpp"

#include "pollhook/http/origin.hpp"
#include "pollhook/sink/check.hpp"
#include "pollhook/store/file_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace pollhook::service {
namespace {

using Findings = std::vector<config::Finding>;

/// `owner` begins the problems' texts.
void add(Findings& all, std::string_view section, std::size_t index, std::string_view owner, Findings found)
{
    for (config::Finding& finding : found) {
        finding.section = section;
        finding.index = index;
        finding.problem = fmt::format("{}: {}", owner, finding.problem);
    }
    std::ranges::move(found, std::back_inserter(all));
}

Findings one(std::string key, std::string problem)
{
    Findings found(1);
    found.front().key = std::move(key);
    found.front().problem = std::move(problem);
    return found;
}

Findings check_provider(const config::Provider& provider)
{
    const auto url = http::parse_url(provider.base_url);
    return url ? Findings() : one("base_url", "base_url: " + url.error().message());
}

Findings check_store(const config::Store& store)
{
    if (store.file != store::lock_file && store.file != store::reserve_file)
        return {};
    return one("file", fmt::format("file: \"{}\" is another file of the daemon's own", store.file));
}

bool is_same_file(const std::filesystem::path& a, const std::filesystem::path& b)
{
    std::error_code ec;
    return a.lexically_normal() == b.lexically_normal() || std::filesystem::equivalent(a, b, ec);
}

Findings check_path(const config::Sink& sink, const config::Config& config)
{
    if (sink.type != config::SinkType::file)
        return {};
    for (const std::string& name : store::own_files(config.store.file))
        if (is_same_file(sink.path, config.daemon.state_dir / name))
            return one("path", fmt::format("path: \"{}\" in \"state_dir\" is the daemon's own file", name));
    return {};
}

}  // namespace

std::vector<config::Finding> preflight(const config::Config& config)
{
    Findings all;
    add(all, "store", 0, "store", check_store(config.store));
    for (std::size_t i = 0; i < config.providers.size(); ++i) {
        const config::Provider& provider = config.providers[i];
        add(all, "provider", i, fmt::format("provider \"{}\"", provider.name), check_provider(provider));
    }
    add(all, "task_webhooks", 0, "task_webhooks", sink::check(config.task_webhooks));
    for (std::size_t i = 0; i < config.sinks.size(); ++i) {
        const config::Sink& sink = config.sinks[i];
        const std::string owner = fmt::format("sink \"{}\"", sink.name);
        add(all, "sink", i, owner, sink::check(sink));
        add(all, "sink", i, owner, check_path(sink, config));
    }
    return all;
}

}  // namespace pollhook::service
