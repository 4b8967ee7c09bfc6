#include "pollhook/config/load.hpp"

#include "document.hpp"
#include "file.hpp"
#include "pollhook/base/text.hpp"
#include "report.hpp"
#include "value_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>

namespace pollhook::config {
namespace {

constexpr std::size_t file_limit_bytes = 4UL << 20U;

struct Source {
    std::string name;
    std::string text;
};

/// The files of `conf.d` beside `path`; none when there is no such directory.
std::vector<std::filesystem::path> fragments(const std::filesystem::path& path, Report& report)
{
    const std::filesystem::path directory = path.parent_path() / "conf.d";
    std::vector<std::filesystem::path> out;
    std::error_code error;
    std::filesystem::directory_iterator entry(directory, error);
    for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
        const std::filesystem::path& file = entry->path();
        if (file.extension() == ".toml" && !file.filename().native().starts_with('.'))
            out.push_back(file);
    }
    if (error && error != std::errc::no_such_file_or_directory && error != std::errc::not_a_directory)
        report.add(Place{.file = directory.string()}, "cannot be read: " + error.message());
    std::ranges::sort(out);
    return out;
}

void read_source(const std::filesystem::path& path, std::vector<Source>& out, Report& report)
{
    auto content = read_file(path, file_limit_bytes);
    const std::string name = path.string();
    if (content)
        out.push_back({.name = name, .text = std::move(*content)});
    else
        report.add(
            Place{.file = name},
            content.error().text,
            content.error().missing ? "\"pollhook config init\" writes one" : ""
        );
}

void parse_into(DocumentReader& reader, const Source& source, Report& report)
{
    try {
        reader.read(toml::parse(source.text, source.name));
    } catch (const toml::parse_error& error) {
        report.add(error.source(), base::printable(error.description()));
    }
}

Loaded assemble(
    const std::vector<Source>& sources,
    const Environment& environment,
    MissingSecret missing_secret,
    const Judge& judge,
    Report& report
)
{
    ValueReader values(environment, missing_secret, report);
    DocumentReader reader(values, report);
    std::vector<std::string> names;
    for (const Source& source : sources) {
        names.push_back(source.name);
        parse_into(reader, source, report);
    }
    Place whole;
    if (!sources.empty()) {
        whole = {.file = sources.front().name, .line = 1, .column = 1};
        reader.check(whole);
    }
    if (report.count() == 0 && judge)
        reader.report(judge(reader.config()));
    if (report.count() != 0)
        return report.take(names);
    return reader.take(std::move(whole));
}

}  // namespace

std::filesystem::path find(const std::optional<std::filesystem::path>& named, const Environment& environment)
{
    if (named)
        return *named;
    if (const auto variable = environment("POLLHOOK_CONFIG"); variable && !variable->empty())
        return *variable;
    return "/etc/pollhook/pollhook.toml";
}

Loaded load(
    const std::filesystem::path& path,
    const Environment& environment,
    MissingSecret missing_secret,
    const Judge& judge
)
{
    Report report;
    std::vector<Source> sources;
    read_source(path, sources, report);
    for (const std::filesystem::path& fragment : fragments(path, report))
        read_source(fragment, sources, report);
    return assemble(sources, environment, missing_secret, judge, report);
}

Loaded load_from_text(
    std::string_view text,
    std::string_view name,
    const Environment& environment,
    MissingSecret missing_secret,
    const Judge& judge
)
{
    Report report;
    const std::vector<Source> sources{{.name = std::string(name), .text = std::string(text)}};
    return assemble(sources, environment, missing_secret, judge, report);
}

}  // namespace pollhook::config
