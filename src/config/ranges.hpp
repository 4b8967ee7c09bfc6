#pragma once

#include "pollhook/base/time.hpp"

#include <chrono>

/// The units in which the key tables state their ranges.
namespace pollhook::config {

constexpr double ms(base::Duration duration)
{
    return static_cast<double>(duration.count());
}

inline constexpr double kib = 1024;
inline constexpr double mib = 1024 * kib;
inline constexpr double tib = 1024 * 1024 * mib;
inline constexpr double day = ms(std::chrono::hours(24));

}  // namespace pollhook::config
