#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pollhook::base {

/// A line of the log taken apart: `poll.failed: provider=quick error="timed out"`. Without an event it is one
/// that nobody wrote for machines.
struct LogFields {
    std::string_view event;
    std::vector<std::pair<std::string_view, std::string>>
        fields;  ///< quotes and printable()'s escapes taken off
};

/// What follows the last `key=value` belongs to none. The views point into `line`.
LogFields split_log_line(std::string_view line);

}  // namespace pollhook::base
