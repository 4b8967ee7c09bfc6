#include "line_buffer.hpp"

#include <algorithm>

namespace pollhook::sink {
namespace {

/// Memory that one large batch took is given back.
constexpr std::size_t largest_kept = 1024 * 1024;

}  // namespace

void LineBuffer::assign(std::span<const std::string_view> texts)
{
    if (bytes_.capacity() > largest_kept)
        bytes_ = std::string();
    bytes_.clear();
    ends_.clear();
    for (const std::string_view text : texts) {
        const auto start = static_cast<std::ptrdiff_t>(bytes_.size());
        bytes_ += text;
        std::replace_if(
            bytes_.begin() + start, bytes_.end(), [](char c) { return c == '\n' || c == '\r'; }, ' '
        );
        bytes_ += '\n';
        ends_.push_back(bytes_.size());
    }
}

std::size_t LineBuffer::lines_within(std::size_t count) const noexcept
{
    return static_cast<std::size_t>(std::ranges::upper_bound(ends_, count) - ends_.begin());
}

std::size_t LineBuffer::end_of(std::size_t lines) const noexcept
{
    return lines == 0 ? 0 : ends_[lines - 1];
}

}  // namespace pollhook::sink
