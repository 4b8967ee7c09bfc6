#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace pollhook::cli {

/// Reads a file, a pipe or a terminal line by line in bounded memory, blocking for as long as is wanted.
class LineReader {
public:
    using Clock = std::chrono::steady_clock;
    static constexpr std::size_t longest_line = 1024UL * 1024;

    enum class Read : std::uint8_t {
        line,
        nothing_yet,  ///< no whole line came until then
        end           ///< of the file, or error() says what ended it
    };

    /// `descriptor` outlives the reader and stays the caller's.
    explicit LineReader(int descriptor) : descriptor_(descriptor) {}

    /// The next line without its end; waits for it until then, or without end. See is_too_long().
    Read next(std::string& line, std::optional<Clock::time_point> until = std::nullopt);
    /// Of the last line, from 1 on.
    [[nodiscard]] std::size_t number() const noexcept { return number_; }
    /// The last line was longer than longest_line and lacks its end.
    [[nodiscard]] bool is_too_long() const noexcept { return too_long_; }
    [[nodiscard]] const std::error_code& error() const noexcept { return error_; }

private:
    bool take_line();
    Read read_more(std::optional<Clock::time_point> until);

    int descriptor_;
    std::string buffer_;
    std::string_view unread_;  // of `buffer_`
    std::string begun_;        // a line whose end is still to come
    bool has_begun_ = false;
    bool begun_too_long_ = false;
    std::size_t number_ = 0;
    bool too_long_ = false;
    std::error_code error_;
};

}  // namespace pollhook::cli
