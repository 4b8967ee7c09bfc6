#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pollhook::sink {

/// Lines as they go out, joined so that one write carries all of them.
class LineBuffer {
public:
    /// Line breaks between the tokens of a text become blanks: each text is one line.
    void assign(std::span<const std::string_view> texts);

    [[nodiscard]] std::string_view bytes() const noexcept { return bytes_; }
    /// How many lines lie whole within the first `count` bytes.
    [[nodiscard]] std::size_t lines_within(std::size_t count) const noexcept;
    /// Where the last of those ends.
    [[nodiscard]] std::size_t end_of(std::size_t lines) const noexcept;

private:
    std::string bytes_;
    std::vector<std::size_t> ends_;
};

}  // namespace pollhook::sink
