#include "output.hpp"

#include "display_width.hpp"
#include "import_line.hpp"
#include "line_reader.hpp"
#include "plain_text.hpp"
#include "task_outcome.hpp"

#include <boost/json.hpp>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string_view>
#include <system_error>

namespace pollhook::cli {
namespace {

TEST(DisplayWidthTest, CountsColumnsNotBytes)
{
    EXPECT_EQ(display_width("abc"), 3U);
    EXPECT_EQ(display_width("é…"), 2U);
    EXPECT_EQ(display_width("猫の絵"), 6U);
    EXPECT_EQ(display_width("🎨"), 2U);
    EXPECT_EQ(display_width("e\u0301"), 1U);
    EXPECT_EQ(display_width("\xf0\x9f"), 1U);
}

TEST(TableTest, AlignsColumnsByWhatATerminalShows)
{
    Table table({"NAME", "STATE"}, false);
    table.add({{"猫"}, {"ok"}});
    table.add({{"long name"}, {""}});
    table.add({{"é"}, {"failing"}});
    EXPECT_EQ(
        table.take(),
        "NAME       STATE\n"
        "猫         ok\n"
        "long name\n"
        "é          failing\n"
    );
    EXPECT_EQ(table.take(), "");
}

TEST(TableTest, PrintsTitlesOnceAndKeepsWidths)
{
    Table table({"A", "B"}, false);
    table.add({{"wide cell"}, {"1"}});
    (void)table.take();
    table.add({{"x"}, {"2"}});
    EXPECT_EQ(table.take(), "x          2\n");
}

TEST(TableTest, ColoursDoNotMoveColumns)
{
    Table table({"S", "N"}, true);
    table.add({{"lost", Style::bad}, {"1"}});
    EXPECT_EQ(table.take(), "\x1b[1mS\x1b[0m     \x1b[1mN\x1b[0m\n\x1b[31mlost\x1b[0m  1\n");
}

TEST(ShownTest, EscapesWhatComesFromOutside)
{
    const auto object =
        boost::json::parse(R"({"a":"x\u001b[31m\u202e","n":null,"i":7,"t":"2026-11-21T03:18:39.123Z"})");
    EXPECT_EQ(shown(object.as_object(), "a"), R"(x\x1b[31m\xe2\x80\xae)");
    EXPECT_EQ(shown(object.as_object(), "n"), "-");
    EXPECT_EQ(shown(object.as_object(), "missing"), "-");
    EXPECT_EQ(shown(object.as_object(), "i"), "7");
    EXPECT_EQ(shown_time(object.as_object(), "t"), "2026-11-21T03:18:39Z");
}

TEST(PlainTextTest, KeepsQuotesAndNothingElse)
{
    EXPECT_EQ(plain_text(R"("id" is \missing\")"), R"("id" is \\missing\\")");
    EXPECT_EQ(plain_text("a\x1b\"\n"), R"(a\x1b"\n)");
    EXPECT_EQ(plain_text("\\\""), R"(\\")");
}

TEST(TaskOutcomeTest, GivesEachEndItsExitCode)
{
    EXPECT_EQ(exit_code_of("succeeded"), 0);
    EXPECT_EQ(exit_code_of("failed"), 1);
    EXPECT_EQ(exit_code_of("cancelled"), 2);
    EXPECT_EQ(exit_code_of("lost"), 3);
    EXPECT_EQ(exit_code_of("expired"), 3);
    EXPECT_FALSE(is_terminal_state("running"));
    EXPECT_TRUE(is_terminal_state("lost"));
    EXPECT_EQ(worse(0, 2), 2);
    EXPECT_EQ(worse(3, 2), 3);
    EXPECT_EQ(worse(1, 3), 1);
}

TEST(ImportLineTest, CompletesObjectsAndPlainIds)
{
    TaskImportOptions options;
    options.provider = "quick";
    options.webhook_url = "https://a.example/";
    EXPECT_EQ(
        *read_import_line("17", options),
        R"({"id":"17","provider":"quick","webhookUrl":"https://a.example/"})"
    );
    EXPECT_EQ(
        *read_import_line(R"({"id":"1","provider":"gpt","webhookUrl":null})", options),
        R"({"id":"1","provider":"gpt","webhookUrl":null})"
    );
}

TEST(ImportLineTest, ExplainsLinesThatCannotBeRead)
{
    EXPECT_EQ(read_import_line("17", {}).error(), "a plain id needs --provider");
    EXPECT_EQ(read_import_line("{", {}).error().substr(0, 10), "not JSON: ");
    TaskImportOptions options;
    options.provider = "quick";
    EXPECT_EQ(
        read_import_line(R"({"id":"1","id":"2"})", options).error(), R"(the member "id" is there twice)"
    );
    EXPECT_EQ(read_import_line("\xff", options).error(), "not UTF-8");
}

TEST(LineReaderTest, CountsLinesAndBoundsThem)
{
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::tmpfile(), std::fclose);
    ASSERT_NE(file, nullptr);
    const std::string content = "a\n\n" + std::string(LineReader::longest_line + 5, 'x') + "\nlast";
    std::fwrite(content.data(), 1, content.size(), file.get());
    std::rewind(file.get());

    LineReader reader(fileno(file.get()));
    std::string line;
    ASSERT_EQ(reader.next(line), LineReader::Read::line);
    EXPECT_EQ(line, "a");
    ASSERT_EQ(reader.next(line), LineReader::Read::line);
    EXPECT_EQ(line, "");
    ASSERT_EQ(reader.next(line), LineReader::Read::line);
    EXPECT_TRUE(reader.is_too_long());
    EXPECT_EQ(line.size(), LineReader::longest_line);
    ASSERT_EQ(reader.next(line), LineReader::Read::line);
    EXPECT_FALSE(reader.is_too_long());
    EXPECT_EQ(line, "last");
    EXPECT_EQ(reader.number(), 4U);
    EXPECT_EQ(reader.next(line), LineReader::Read::end);
    EXPECT_FALSE(reader.error());
}

TEST(LineReaderTest, TellsWhenALiveSourceIsQuiet)
{
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
    const auto write = [&](std::string_view text) {
        ASSERT_EQ(::write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
    };
    LineReader reader(ends[0]);
    const auto now = LineReader::Clock::now();
    std::string line;
    EXPECT_EQ(reader.next(line, now), LineReader::Read::nothing_yet);
    write("a\nb\nhal");
    ASSERT_EQ(reader.next(line, now), LineReader::Read::line);
    EXPECT_EQ(line, "a");
    ASSERT_EQ(reader.next(line, now), LineReader::Read::line);
    EXPECT_EQ(line, "b");
    EXPECT_EQ(reader.next(line, now), LineReader::Read::nothing_yet);
    write("f\n");
    ASSERT_EQ(reader.next(line, now), LineReader::Read::line);
    EXPECT_EQ(line, "half");
    EXPECT_EQ(reader.number(), 3U);
    close(ends[1]);
    EXPECT_EQ(reader.next(line), LineReader::Read::end);
    close(ends[0]);
}

TEST(LineReaderTest, TellsWhyASourceCannotBeRead)
{
    const int directory = open("/", O_RDONLY | O_CLOEXEC);
    ASSERT_GE(directory, 0);
    LineReader reader(directory);
    std::string line;
    EXPECT_EQ(reader.next(line), LineReader::Read::end);
    EXPECT_EQ(reader.error(), std::errc::is_a_directory);
    close(directory);
}

}  // namespace
}  // namespace pollhook::cli
