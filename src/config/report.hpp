#pragma once

#include "pollhook/config/diagnostics.hpp"

#include <toml++/toml.h>

#include <span>
#include <string>
#include <string_view>

namespace pollhook::config {

Place place_of(const toml::source_region& region);

/// `did you mean "word"?` for the nearest of `candidates`, or nothing.
std::string did_you_mean(std::string_view word, std::span<const std::string> candidates);

/// Collects what is wrong while the files are read.
class Report {
public:
    void add(Place place, std::string message, std::string hint = {});
    void add(const toml::source_region& region, std::string message, std::string hint = {});

    [[nodiscard]] std::size_t count() const noexcept { return diagnostics_.all.size(); }
    /// In reading order: files as they were read, lines and columns within.
    [[nodiscard]] Diagnostics take(std::span<const std::string> files);

private:
    Diagnostics diagnostics_;
};

}  // namespace pollhook::config
