#include "report.hpp"

#include "pollhook/base/suggestion.hpp"

#include <fmt/format.h>

#include <algorithm>
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
    const auto order = [&](const Diagnostic& diagnostic) {
        const auto file = std::ranges::find(files, diagnostic.place.file) - files.begin();
        return std::tuple(file, diagnostic.place.line, diagnostic.place.column);
    };
    std::ranges::stable_sort(diagnostics_.all, {}, order);
    return std::exchange(diagnostics_, {});
}

}  // namespace pollhook::config
