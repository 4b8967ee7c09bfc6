#include "report.hpp"

#include "pollhook/base/suggestion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <tuple>
#include <utility>

namespace pollhook::config {

Place place_of(const toml::source_region& region)
{
    return {
        .file = region.path ? *region.path : std::string(),
        .line = region.begin.line,
        .column = region.begin.column
    };
}

std::string did_you_mean(std::string_view word, std::span<const std::string> candidates)
{
    const std::string nearest = base::suggestion(word, candidates);
    return nearest.empty() ? std::string() : fmt::format("did you mean \"{}\"?", nearest);
}

void Report::add(Place place, std::string message, std::string hint)
{
    diagnostics_.all.push_back(
        {.place = std::move(place), .message = std::move(message), .hint = std::move(hint)}
    );
}

void Report::add(const toml::source_region& region, std::string message, std::string hint)
{
    add(place_of(region), std::move(message), std::move(hint));
}

Diagnostics Report::take(std::span<const std::string> files)
{
    // Those at one place keep their order.
    std::multimap<std::tuple<std::ptrdiff_t, unsigned, unsigned>, Diagnostic> sorted;
    Diagnostics unsorted = std::exchange(diagnostics_, {});
    for (Diagnostic& diagnostic : unsorted.all) {
        const auto file = std::ranges::find(files, diagnostic.place.file) - files.begin();
        const std::tuple place(file, diagnostic.place.line, diagnostic.place.column);
        sorted.emplace(place, std::move(diagnostic));
    }
    Diagnostics out;
    for (auto& [place, diagnostic] : sorted)
        out.all.push_back(std::move(diagnostic));
    return out;
}

}  // namespace pollhook::config
