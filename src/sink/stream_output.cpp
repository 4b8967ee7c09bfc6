#include "stream_output.hpp"

#include <fmt/format.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <system_error>

namespace pollhook::sink {
namespace {

/// What a pipe that is ready takes without blocking (pipe(7)).
constexpr std::size_t piece = PIPE_BUF;

base::SteadyPoint now()
{
    return std::chrono::floor<base::Duration>(std::chrono::steady_clock::now());
}

void fail(WriteReport& report, int error)
{
    report.error_class = "io";
    report.detail = fmt::format("cannot write the stream: {}", std::generic_category().message(error));
}

}  // namespace

WriteReport StreamOutput::write(std::span<const std::string_view> texts, base::Duration patience)
{
    WriteReport report;
    const base::SteadyPoint deadline = now() + patience;
    rest_.erase(0, push(rest_, deadline, report));
    if (!rest_.empty())
        return report;
    buffer_.assign(texts);
    const std::size_t written = push(buffer_.bytes(), deadline, report);
    report.lines = buffer_.lines_within(written);
    if (written > buffer_.end_of(report.lines))
        rest_ = buffer_.bytes().substr(written, buffer_.end_of(report.lines + 1) - written);
    return report;
}

std::size_t StreamOutput::push(std::string_view bytes, base::SteadyPoint deadline, WriteReport& report) const
{
    std::size_t written = 0;
    while (written < bytes.size()) {
        if (!wait_for_room(deadline, report))
            break;
        const ssize_t n = ::write(fd_, bytes.data() + written, std::min(piece, bytes.size() - written));
        if (n >= 0)
            written += static_cast<std::size_t>(n);
        else if (errno != EINTR && errno != EAGAIN) {
            fail(report, errno);
            break;
        }
    }
    return written;
}

bool StreamOutput::wait_for_room(base::SteadyPoint deadline, WriteReport& report) const
{
    for (;;) {
        const auto left = std::max(deadline - now(), base::Duration(0));
        pollfd waited = {fd_, POLLOUT, 0};
        const int ready = ::poll(&waited, 1, static_cast<int>(std::min<std::int64_t>(left.count(), INT_MAX)));
        if (ready > 0)
            return true;
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready < 0) {
            fail(report, errno);
            return false;
        }
        report.error_class = "timeout";
        report.detail = "the stream's reader takes nothing";
        return false;
    }
}

}  // namespace pollhook::sink
