#pragma once

#include "pollhook/base/time.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace pollhook::sink {

/// How far a batch of lines came.
struct WriteReport {
    std::size_t lines = 0;    ///< from the first on, as safe as the output makes them
    std::string error_class;  ///< why the rest is not: `io` or `timeout`; empty when all are
    std::string detail;       ///< for people; printable
};

/// Where lines of JSON go. It blocks: it is used on one writing thread at a time, never on the loop.
class LineOutput {
public:
    LineOutput() = default;
    LineOutput(const LineOutput&) = delete;
    LineOutput& operator=(const LineOutput&) = delete;
    virtual ~LineOutput() = default;

    /// Appends each of `texts`, one JSON value, as a line. What is left of a line that did not fit never
    /// makes another line invalid. `patience`: how long a reader that takes nothing is waited for.
    [[nodiscard]] virtual WriteReport write(
        std::span<const std::string_view> texts, base::Duration patience
    ) = 0;
    /// Before the next write: opens the output again.
    virtual void reopen() = 0;
};

}  // namespace pollhook::sink
