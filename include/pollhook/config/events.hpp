#pragma once

#include <span>
#include <string>
#include <string_view>

namespace pollhook::config {

/// Every event type that patterns can select.
std::span<const std::string_view> event_types() noexcept;

/// True when one of `patterns` selects `type`. A pattern is a whole type, a prefix followed by `.*`, or `*`.
bool event_matches(std::span<const std::string> patterns, std::string_view type) noexcept;

}  // namespace pollhook::config
