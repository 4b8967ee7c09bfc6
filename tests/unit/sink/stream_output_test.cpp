#include "stream_output.hpp"

#include "pollhook/base/file_descriptor.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace pollhook::sink {
namespace {

struct Pipe {
    Pipe()
    {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0)
            throw std::runtime_error("no pipe");
        reader = base::FileDescriptor(ends[0]);
        writer = base::FileDescriptor(ends[1]);
    }

    /// What is there now.
    std::string take(std::size_t most = 1024 * 1024) const
    {
        ::fcntl(reader.get(), F_SETFL, O_NONBLOCK);
        std::string bytes(most, '\0');
        const ssize_t got = ::read(reader.get(), bytes.data(), bytes.size());
        bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
        return bytes;
    }

    base::FileDescriptor reader;
    base::FileDescriptor writer;
};

WriteReport write(
    LineOutput& output, std::vector<std::string_view> texts, base::Duration patience = std::chrono::seconds(5)
)
{
    return output.write(texts, patience);
}

class StreamOutputTest : public testing::Test {
protected:
    StreamOutputTest() { std::signal(SIGPIPE, SIG_IGN); }

    Pipe pipe_;
};

TEST_F(StreamOutputTest, WritesALineForEachText)
{
    StreamOutput output(pipe_.writer.get());
    const WriteReport report = write(output, {R"({"a":1})", "{\"b\":\n2}"});
    EXPECT_EQ(report.lines, 2U);
    EXPECT_EQ(report.error_class, "");
    EXPECT_EQ(pipe_.take(), "{\"a\":1}\n{\"b\": 2}\n");
}

TEST_F(StreamOutputTest, AClosedPipeIsAnError)
{
    StreamOutput output(pipe_.writer.get());
    pipe_.reader.close();
    const WriteReport report = write(output, {"1"});
    EXPECT_EQ(report.lines, 0U);
    EXPECT_EQ(report.error_class, "io");
    EXPECT_EQ(report.detail, "cannot write the stream: Broken pipe");
}

TEST_F(StreamOutputTest, AFullDeviceIsAnError)
{
    const base::FileDescriptor full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
    StreamOutput output(full.get());
    const WriteReport report = write(output, {"1"});
    EXPECT_EQ(report.lines, 0U);
    EXPECT_EQ(report.detail, "cannot write the stream: No space left on device");
}

TEST_F(StreamOutputTest, AReaderThatStopsReadingEndsInATimeoutAndLosesNoLinesForm)
{
    StreamOutput output(pipe_.writer.get());
    constexpr base::Duration patience = std::chrono::milliseconds(1);
    const std::string large(1024 * 1024, 'x');
    const WriteReport stuck = write(output, {"first", large}, patience);
    EXPECT_EQ(stuck.lines, 1U);
    EXPECT_EQ(stuck.error_class, "timeout");
    EXPECT_EQ(stuck.detail, "the stream's reader takes nothing");

    // The line that was torn is finished first, so that every line stays whole.
    std::string all = pipe_.take();
    while (write(output, {"last"}, patience).lines == 0)
        all += pipe_.take();
    all += pipe_.take();
    EXPECT_EQ(all, "first\n" + large + "\nlast\n");
}

}  // namespace
}  // namespace pollhook::sink
