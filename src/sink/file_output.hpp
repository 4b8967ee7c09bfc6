#pragma once

#include "line_buffer.hpp"
#include "line_output.hpp"
#include "pollhook/base/file_descriptor.hpp"

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace pollhook::sink {

/// Appends to a file and syncs each batch. The file is opened (mode 0640) when the first line comes, and
/// again after an error, after reopen() and when somebody has deleted it.
///
/// A line that did not fit is cut off again. So is one that a crash has left half written at the end of the
/// file: it was never acknowledged, so it comes once more.
class FileOutput final : public LineOutput {
public:
    /// `path` is absolute.
    explicit FileOutput(std::filesystem::path path) : path_(std::move(path)) {}

    [[nodiscard]] WriteReport write(std::span<const std::string_view> texts, base::Duration patience)
        override;
    void reopen() override { file_.close(); }

private:
    /// Each gives what went wrong, or nothing.
    [[nodiscard]] std::string open();
    [[nodiscard]] std::string mend_end(off_t size);
    [[nodiscard]] std::string append(std::string_view bytes, std::size_t& written) const;

    void cut_back(off_t start, std::size_t written, std::size_t whole);
    [[nodiscard]] bool is_deleted() const noexcept;
    [[nodiscard]] std::string complaint(std::string_view what, int error) const;

    std::filesystem::path path_;
    base::FileDescriptor file_;
    LineBuffer buffer_;
    std::string rest_;  ///< of a line that could be neither finished nor cut off: it comes first
};

}  // namespace pollhook::sink
