#include "file_output.hpp"

#include "fixture.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <array>
#include <csignal>
#include <string>
#include <string_view>
#include <vector>

namespace pollhook::sink {
namespace {

WriteReport write(LineOutput& output, std::vector<std::string_view> texts)
{
    return output.write(texts, std::chrono::seconds(5));
}

/// Files may not grow beyond `bytes`; what a full disk looks like to a write.
class FileSizeLimit {
public:
    explicit FileSizeLimit(rlim_t bytes)
    {
        previous_handler_ = std::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &previous_);
        rlimit limited = previous_;
        limited.rlim_cur = bytes;
        ::setrlimit(RLIMIT_FSIZE, &limited);
    }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;
    ~FileSizeLimit()
    {
        ::setrlimit(RLIMIT_FSIZE, &previous_);
        std::signal(SIGXFSZ, previous_handler_);
    }

private:
    rlimit previous_{};
    void (*previous_handler_)(int) = nullptr;
};

class FileOutputTest : public testing::Test {
protected:
    TemporaryDirectory directory_;
    std::filesystem::path path_ = directory_ / "events.ndjson";
    FileOutput output_{path_};
};

TEST_F(FileOutputTest, AppendsALineForEachText)
{
    EXPECT_EQ(write(output_, {R"({"a":1})", R"({"b":2})"}).lines, 2U);
    EXPECT_EQ(write(output_, {R"({"c":3})"}).lines, 1U);
    EXPECT_EQ(read_file(path_), "{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n");
    struct stat status = {};
    ASSERT_EQ(::stat(path_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0137U, 0U);
}

TEST_F(FileOutputTest, ATextWithLineBreaksIsOneLine)
{
    write(output_, {"{\"a\":\r\n  1\n}"});
    EXPECT_EQ(read_file(path_), "{\"a\":    1 }\n");
}

TEST_F(FileOutputTest, GoesOnInAnExistingFile)
{
    write_file(path_, "{\"old\":1}\n");
    write(output_, {R"({"new":1})"});
    EXPECT_EQ(read_file(path_), "{\"old\":1}\n{\"new\":1}\n");
}

TEST_F(FileOutputTest, RemovesTheHalfLineThatACrashLeft)
{
    write_file(path_, "{\"old\":1}\n{\"tor");
    EXPECT_EQ(write(output_, {R"({"new":1})"}).lines, 1U);
    EXPECT_EQ(read_file(path_), "{\"old\":1}\n{\"new\":1}\n");
}

TEST_F(FileOutputTest, RemovesTheZerosThatAPowerCutLeft)
{
    write_file(path_, std::string_view("{\"old\":1}\n\0\0\0\0", 14));
    write(output_, {R"({"new":1})"});
    EXPECT_EQ(read_file(path_), "{\"old\":1}\n{\"new\":1}\n");
}

TEST_F(FileOutputTest, EndsALastLineThatOnlyLacksItsBreak)
{
    write_file(path_, "{\"old\":1}");
    write(output_, {R"({"new":1})"});
    EXPECT_EQ(read_file(path_), "{\"old\":1}\n{\"new\":1}\n");
}

TEST_F(FileOutputTest, RemovesNothingThatIsNotOurs)
{
    write_file(path_, "some text");
    write(output_, {R"({"new":1})"});
    EXPECT_EQ(read_file(path_), "some text\n{\"new\":1}\n");
}

TEST_F(FileOutputTest, OpensItsPathAgainAfterRotation)
{
    write(output_, {"1"});
    std::filesystem::rename(path_, directory_ / "events.1");
    write(output_, {"2"});
    output_.reopen();
    write(output_, {"3"});
    EXPECT_EQ(read_file(directory_ / "events.1"), "1\n2\n");
    EXPECT_EQ(read_file(path_), "3\n");
}

TEST_F(FileOutputTest, NeverWritesToADeletedFile)
{
    write(output_, {"1"});
    std::filesystem::remove(path_);
    EXPECT_EQ(write(output_, {"2"}).lines, 1U);
    EXPECT_EQ(read_file(path_), "2\n");
}

TEST_F(FileOutputTest, NamesAMissingDirectory)
{
    FileOutput output(directory_ / "no/such/events.ndjson");
    const WriteReport report = write(output, {"1"});
    EXPECT_EQ(report.lines, 0U);
    EXPECT_EQ(report.error_class, "io");
    EXPECT_EQ(
        report.detail,
        "cannot open " + (directory_ / "no/such/events.ndjson").string() + ": the directory " +
            (directory_ / "no/such").string() + " does not exist"
    );
    std::filesystem::create_directories(directory_ / "no/such");
    EXPECT_EQ(write(output, {"1"}).lines, 1U);
}

TEST_F(FileOutputTest, RefusesWhatIsNoFile)
{
    FileOutput directory(directory_ / "");
    EXPECT_EQ(write(directory, {"1"}).lines, 0U);
    ASSERT_EQ(::mkfifo((directory_ / "fifo").c_str(), 0600), 0);
    FileOutput fifo(directory_ / "fifo");
    const WriteReport report = write(fifo, {"1"});
    EXPECT_EQ(report.lines, 0U);
    EXPECT_TRUE(report.detail.ends_with("it is not a regular file")) << report.detail;
}

TEST_F(FileOutputTest, TellsThatTheDiskIsFull)
{
    FileOutput output("/dev/full");
    const WriteReport report = write(output, {"1", "2"});
    EXPECT_EQ(report.lines, 0U);
    EXPECT_EQ(report.error_class, "io");
    EXPECT_EQ(report.detail, "cannot write /dev/full: No space left on device");
}

TEST_F(FileOutputTest, CutsOffALineThatDidNotFit)
{
    {
        const FileSizeLimit limit(20);
        const WriteReport report = write(output_, {R"({"a":1})", R"({"b":2})", R"({"c":3})"});
        EXPECT_EQ(report.lines, 2U);
        EXPECT_EQ(report.error_class, "io");
        EXPECT_NE(report.detail, "");
        EXPECT_EQ(read_file(path_), "{\"a\":1}\n{\"b\":2}\n");
    }
    EXPECT_EQ(write(output_, {R"({"c":3})"}).lines, 1U);
    EXPECT_EQ(read_file(path_), "{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n");
}

}  // namespace
}  // namespace pollhook::sink
