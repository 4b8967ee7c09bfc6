#pragma once

#include <cstddef>
#include <string_view>

namespace pollhook::cli {

/// How many columns of a terminal the UTF-8 `text` takes: two for wide East Asian characters and emoji, none
/// for combining marks (Unicode Standard Annex 11). Pure, whatever the locale; close enough for aligning.
std::size_t display_width(std::string_view text) noexcept;

/// The longest beginning of `text` that fits into so many columns.
std::string_view fitting(std::string_view text, std::size_t columns) noexcept;

}  // namespace pollhook::cli
