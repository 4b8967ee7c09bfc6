#pragma once

#include "line_buffer.hpp"
#include "line_output.hpp"
#include "pollhook/base/time.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace pollhook::sink {

/// Writes to an open stream, such as standard output. Nothing is synced: a line counts once the system has
/// taken it.
///
/// A reader that is slow is waited for, but not without end. The process must ignore SIGPIPE.
class StreamOutput final : public LineOutput {
public:
    /// `fd` stays open, and somebody else's.
    explicit StreamOutput(int fd) : fd_(fd) {}

    [[nodiscard]] WriteReport write(std::span<const std::string_view> texts, base::Duration patience)
        override;
    void reopen() override {}

private:
    [[nodiscard]] std::size_t push(std::string_view bytes, base::SteadyPoint deadline, WriteReport& report)
        const;
    [[nodiscard]] bool wait_for_room(base::SteadyPoint deadline, WriteReport& report) const;

    int fd_;
    LineBuffer buffer_;
    std::string rest_;  ///< of a line that was not taken whole: it comes first
};

}  // namespace pollhook::sink
