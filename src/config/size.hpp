#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pollhook::config {

/// Bytes: a number and a unit out of B, kB, MB, GB, TB, KiB, MiB, GiB, TiB, such as `64KiB`, `1.5GB`.
/// Empty for anything else, and above 2^60.
std::optional<std::uint64_t> parse_size(std::string_view text);

/// The shortest exact spelling with a binary unit.
std::string format_size(std::uint64_t bytes);

}  // namespace pollhook::config
