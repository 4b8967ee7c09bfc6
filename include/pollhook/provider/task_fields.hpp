#pragma once

#include "pollhook/base/time.hpp"
#include "pollhook/provider/json_text.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pollhook::provider {

/// Reads single members of a task object; what is missing or of another type is absent.
class TaskFields {
public:
    /// `task` must outlive it.
    explicit TaskFields(const JsonObject& task) noexcept : task_(task) {}

    /// A string that is more than white space.
    [[nodiscard]] std::optional<std::string> text(std::string_view name) const;
    /// Milliseconds or seconds since 1970, as number or string, or ISO 8601. Zero and what lies before is
    /// absent.
    [[nodiscard]] std::optional<base::TimePoint> time(std::string_view name) const;
    /// An address of a result: short enough to be one, and not a file in disguise (`data:`).
    [[nodiscard]] std::optional<std::string> url(std::string_view name) const;
    /// A list of addresses, or of objects with a `url`, each address once.
    [[nodiscard]] std::vector<std::string> urls(std::string_view name) const;
    /// An array as compact JSON; `[]` when there is none.
    [[nodiscard]] std::string array(std::string_view name) const;
    /// The number of an array's elements.
    [[nodiscard]] std::size_t count(std::string_view name) const;

private:
    const JsonObject& task_;
};

}  // namespace pollhook::provider
