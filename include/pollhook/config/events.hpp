#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pollhook::config {

/// Every event type that patterns can select.
std::span<const std::string_view> event_types() noexcept;

/// True when one of `patterns` selects `type`. A pattern is a whole type, a prefix followed by `.*`, or `*`.
bool event_matches(std::span<const std::string> patterns, std::string_view type) noexcept;

/// Every pattern that selects something: the types, and those with `*`.
std::vector<std::string> event_patterns();

/// The event types that `pattern` selects; empty: it is none.
std::vector<std::string_view> event_types_of(const std::string& pattern);

}  // namespace pollhook::config
