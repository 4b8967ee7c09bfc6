#pragma once

#include <cstdint>
#include <string_view>

namespace pollhook::provider {

/// How far a task has come by the relay's own text, a string's content or a number's digits: `45%`, `45`, or
/// a fraction such as `0.45` (with a point or an exponent, so that `1` is one percent). 0 to 100; -1 for
/// words, nothing and what is not finite.
std::int8_t parse_progress(std::string_view text) noexcept;

}  // namespace pollhook::provider
