#include "fixture.hpp"
#include "pollhook/base/system_clock.hpp"
#include "pollhook/sink/factory.hpp"

#include <boost/asio/thread_pool.hpp>
#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

#include <cstddef>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace pollhook::sink {
namespace {

namespace asio = boost::asio;

/// The whole file sink: the loop, a real writing thread, a real file.
class FileSinkTest : public testing::Test {
protected:
    FileSinkTest()
    {
        surroundings_.clock = &clock_;
        surroundings_.loop = loop_.get_executor();
        surroundings_.file_writer = writer_.get_executor();
        config_.name = "log";
        config_.type = config::SinkType::file;
        config_.path = directory_ / "events.ndjson";
        sink_ = make_sink(config_, config::Delivery(), surroundings_);
    }

    /// Delivers one message for each of the numbers, all at once.
    void deliver_all(std::size_t first, std::size_t count)
    {
        std::vector<std::string> bodies;
        for (std::size_t i = first; i < first + count; ++i)
            bodies.push_back(R"({"number":)" + std::to_string(i) + "}");
        std::vector<Message> messages(count, progress_message());
        std::size_t delivered = 0;
        for (std::size_t i = 0; i < count; ++i) {
            messages[i].body = bodies[i];
            asio::co_spawn(
                loop_,
                sink_->deliver(messages[i]),
                [&](std::exception_ptr failure, const Outcome& outcome) {
                    EXPECT_FALSE(failure);
                    EXPECT_TRUE(outcome.delivered) << outcome.detail;
                    ++delivered;
                }
            );
        }
        loop_.restart();
        loop_.run();
        EXPECT_EQ(delivered, count);
    }

    static std::vector<std::size_t> numbers(const std::filesystem::path& path)
    {
        std::vector<std::size_t> found;
        std::istringstream lines(read_file(path));
        for (std::string line; std::getline(lines, line);)
            found.push_back(boost::json::parse(line).at("number").to_number<std::size_t>());
        return found;
    }

    TemporaryDirectory directory_;
    asio::io_context loop_{1};
    asio::thread_pool writer_{1};
    base::SystemClock clock_{loop_};
    Surroundings surroundings_;
    config::Sink config_;
    std::unique_ptr<Sink> sink_;
};

TEST_F(FileSinkTest, KeepsEveryLineWholeAndInOrder)
{
    deliver_all(0, 2000);
    std::vector<std::size_t> expected(2000);
    for (std::size_t i = 0; i < expected.size(); ++i)
        expected[i] = i;
    EXPECT_EQ(numbers(config_.path), expected);
}

TEST_F(FileSinkTest, GoesOnInANewFileAfterRotation)
{
    deliver_all(0, 10);
    std::filesystem::rename(config_.path, directory_ / "events.1");
    sink_->reopen();
    deliver_all(10, 10);
    EXPECT_EQ(numbers(directory_ / "events.1").size(), 10U);
    EXPECT_EQ(numbers(config_.path).front(), 10U);
}

TEST_F(FileSinkTest, MakesNoFileBeforeTheFirstEvent)
{
    EXPECT_FALSE(std::filesystem::exists(config_.path));
}

}  // namespace
}  // namespace pollhook::sink
