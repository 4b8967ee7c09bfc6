#pragma once

#include <cstddef>
#include <string_view>

namespace pollhook::base {

/// Length of the well-formed UTF-8 sequence that `text` starts with, 0 when it starts with none (RFC 3629).
std::size_t sequence_length(std::string_view text) noexcept;

/// Whether a terminal or a viewer would obey the well-formed sequence of `length` bytes, with which `text`
/// starts, instead of showing it.
bool is_control(std::string_view text, std::size_t length) noexcept;

}  // namespace pollhook::base
