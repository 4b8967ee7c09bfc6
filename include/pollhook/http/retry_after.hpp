#pragma once

#include "pollhook/base/time.hpp"

#include <optional>
#include <string_view>

namespace pollhook::http {

/// How long a Retry-After field asks to wait: seconds, or a date in any of the three forms of RFC
/// 9110, 5.6.7, counted from `now`. A past date is zero. Empty when the field is absent or makes no sense.
/// The caller caps it.
std::optional<base::Duration> retry_after(std::string_view field, base::TimePoint now);

}  // namespace pollhook::http
