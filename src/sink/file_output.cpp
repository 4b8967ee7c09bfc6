#include "file_output.hpp"

#include "pollhook/base/text.hpp"

#include <boost/json/error.hpp>
#include <boost/json/parse.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace pollhook::sink {
namespace {

constexpr mode_t file_mode = 0640;
/// No line of ours is longer: what has no line break this near the end is not our file.
constexpr off_t longest_tail = 4 * 1024 * 1024;

/// Makes the file's name durable too. Not every file system allows it, and the name alone loses no bytes.
void sync_directory(const std::filesystem::path& directory)
{
    const base::FileDescriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (opened.is_open())
        ::fsync(opened.get());
}

/// What stands after the file's last line break; all of it when there is none.
bool read_tail(int fd, off_t size, std::string& tail)
{
    const off_t start = std::max<off_t>(0, size - longest_tail);
    std::string bytes(static_cast<std::size_t>(size - start), '\0');
    std::size_t got = 0;
    while (got < bytes.size()) {
        const ssize_t n =
            ::pread(fd, bytes.data() + got, bytes.size() - got, start + static_cast<off_t>(got));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        got += static_cast<std::size_t>(n);
    }
    tail = bytes.substr(bytes.rfind('\n') + 1);
    return true;
}

bool is_json(std::string_view text)
{
    boost::system::error_code ec;
    boost::json::parse({text.data(), text.size()}, ec);
    return !ec;
}

/// A half line of ours, or the zeros that a power cut leaves in place of one.
bool is_torn(std::string_view tail)
{
    return (tail.front() == '{' || tail.front() == '\0') && tail.size() < longest_tail && !is_json(tail);
}

}  // namespace

WriteReport FileOutput::write(std::span<const std::string_view> texts, base::Duration /*patience*/)
{
    WriteReport report;
    report.error_class = "io";
    if (file_.is_open() && is_deleted())
        file_.close();
    if (!file_.is_open())
        report.detail = open();
    if (!report.detail.empty())
        return report;

    std::size_t written = 0;
    if (!rest_.empty()) {
        report.detail = append(rest_, written);
        rest_.erase(0, written);
        if (!report.detail.empty())
            return report;
    }
    const off_t start = ::lseek(file_.get(), 0, SEEK_END);
    buffer_.assign(texts);
    report.detail = append(buffer_.bytes(), written);
    const std::size_t lines = buffer_.lines_within(written);
    cut_back(start, written, lines);
    // EINVAL: a device, which has nothing to sync. After any other failure nobody knows what is on the disk,
    // and a second sync would not tell: the kernel has forgotten the failed pages by then.
    if (::fdatasync(file_.get()) != 0 && errno != EINVAL) {
        report.detail = complaint("sync", errno);
        file_.close();
        rest_.clear();
        return report;
    }
    report.lines = lines;
    if (report.detail.empty())
        report.error_class.clear();
    return report;
}

std::string FileOutput::open()
{
    rest_.clear();
    file_ = base::FileDescriptor(
        ::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, file_mode)
    );
    if (!file_.is_open()) {
        const int error = errno;
        std::error_code ignored;
        const std::filesystem::path directory = path_.parent_path();
        if (error == ENOENT && !std::filesystem::exists(directory, ignored))
            return fmt::format(
                "cannot open {}: the directory {} does not exist",
                base::printable(path_.native()),
                base::printable(directory.native())
            );
        return complaint("open", error);
    }
    struct stat status = {};
    if (::fstat(file_.get(), &status) != 0)
        return complaint("open", errno);
    std::string problem;
    if (!S_ISREG(status.st_mode) && !S_ISCHR(status.st_mode))
        problem = fmt::format("cannot use {}: it is not a regular file", base::printable(path_.native()));
    else if (S_ISREG(status.st_mode) && status.st_size > 0)
        problem = mend_end(status.st_size);
    else
        sync_directory(path_.parent_path());
    if (!problem.empty())
        file_.close();
    return problem;
}

std::string FileOutput::mend_end(off_t size)
{
    std::string tail;
    if (!read_tail(file_.get(), size, tail))
        return complaint("read", errno);
    if (tail.empty())
        return {};
    if (is_torn(tail) && ::ftruncate(file_.get(), size - static_cast<off_t>(tail.size())) == 0) {
        spdlog::warn(
            "sink.torn_line_removed: path=\"{}\" bytes={}", base::printable(path_.native()), tail.size()
        );
        return {};
    }
    rest_ = "\n";
    return {};
}

std::string FileOutput::append(std::string_view bytes, std::size_t& written) const
{
    written = 0;
    while (written < bytes.size()) {
        const ssize_t n = ::write(file_.get(), bytes.data() + written, bytes.size() - written);
        if (n >= 0)
            written += static_cast<std::size_t>(n);
        else if (errno != EINTR)
            return complaint("write", errno);
    }
    return {};
}

/// Leaves whole lines only.
void FileOutput::cut_back(off_t start, std::size_t written, std::size_t whole)
{
    const std::size_t end = buffer_.end_of(whole);
    if (written == end)
        return;
    // Somebody else may have appended meanwhile, and theirs must not be cut.
    const off_t now = ::lseek(file_.get(), 0, SEEK_END);
    const bool is_last = now == start + static_cast<off_t>(written);
    if (!is_last || ::ftruncate(file_.get(), start + static_cast<off_t>(end)) != 0)
        rest_ = buffer_.bytes().substr(written, buffer_.end_of(whole + 1) - written);
}

bool FileOutput::is_deleted() const noexcept
{
    struct stat status = {};
    return ::fstat(file_.get(), &status) != 0 || status.st_nlink == 0;
}

std::string FileOutput::complaint(std::string_view what, int error) const
{
    return fmt::format(
        "cannot {} {}: {}", what, base::printable(path_.native()), std::generic_category().message(error)
    );
}

}  // namespace pollhook::sink
