#pragma once

#include <span>
#include <string>
#include <string_view>

namespace pollhook::base {

/// The candidate that was probably meant by `word`, for a "did you mean": the nearest one by
/// Damerau-Levenshtein distance, and only when that distance is at most max(2, length of `word` / 3). Empty
/// when none is near enough.
std::string suggestion(std::string_view word, std::span<const std::string> candidates);

/// The end of a message about an unknown `word`: `, did you mean "…"?`, or nothing.
std::string did_you_mean(std::string_view word, std::span<const std::string> candidates);

}  // namespace pollhook::base
