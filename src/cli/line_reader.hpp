#pragma once

#include <cstddef>
#include <cstdio>
#include <string>

namespace pollhook::cli {

/// Reads a stream line by line in bounded memory.
class LineReader {
public:
    static constexpr std::size_t longest_line = 1024UL * 1024;

    /// `stream` outlives the reader and stays the caller's.
    explicit LineReader(std::FILE* stream) : stream_(stream) {}

    /// The next line without its end; false after the last one. See is_too_long().
    bool next(std::string& line);
    /// Of the last line, from 1 on.
    [[nodiscard]] std::size_t number() const noexcept { return number_; }
    /// The last line was longer than longest_line and lacks its end.
    [[nodiscard]] bool is_too_long() const noexcept { return too_long_; }

private:
    std::FILE* stream_;
    std::size_t number_ = 0;
    bool too_long_ = false;
};

}  // namespace pollhook::cli
