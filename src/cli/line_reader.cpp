#include "line_reader.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace pollhook::cli {

LineReader::Read LineReader::next(std::string& line, std::optional<Clock::time_point> until)
{
    while (!take_line()) {
        const Read read = read_more(until);
        if (read == Read::nothing_yet || (read == Read::end && !has_begun_))
            return read;
        if (read == Read::end)
            break;
    }
    ++number_;
    has_begun_ = false;
    too_long_ = std::exchange(begun_too_long_, false);
    line = std::exchange(begun_, {});
    return Read::line;
}

/// Moves what is unread to the line that has begun, up to its end; true when that was there.
bool LineReader::take_line()
{
    const auto end = unread_.find('\n');
    const std::string_view part = unread_.substr(0, end);
    const bool is_whole = end != std::string_view::npos;
    unread_.remove_prefix(is_whole ? end + 1 : unread_.size());
    const std::size_t room = longest_line - begun_.size();
    begun_.append(part.substr(0, room));
    begun_too_long_ = begun_too_long_ || part.size() > room;
    has_begun_ = has_begun_ || !part.empty();
    return is_whole;
}

/// `line` means that there is more to look at.
LineReader::Read LineReader::read_more(std::optional<Clock::time_point> until)
{
    constexpr std::size_t step = 64UL * 1024;
    pollfd readable{.fd = descriptor_, .events = POLLIN, .revents = 0};
    for (;;) {
        int wait_ms = -1;
        if (until) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(*until - Clock::now());
            wait_ms = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
        }
        const int ready = poll(&readable, 1, wait_ms);
        if (ready == 0 && Clock::now() >= *until)
            return Read::nothing_yet;
        if (ready < 0 && errno != EINTR) {
            error_ = {errno, std::generic_category()};
            return Read::end;
        }
        if (ready <= 0)
            continue;
        buffer_.resize(step);
        const ssize_t got = read(descriptor_, buffer_.data(), buffer_.size());
        if (got > 0) {
            unread_ = {buffer_.data(), static_cast<std::size_t>(got)};
            return Read::line;
        }
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (got < 0)
            error_ = {errno, std::generic_category()};
        return Read::end;
    }
}

}  // namespace pollhook::cli
