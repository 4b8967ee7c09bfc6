#include "line_sink.hpp"

#include "fixture.hpp"
#include "support/manual_clock.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <gtest/gtest.h>

#include <cstddef>
#include <limits>
#include <list>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace pollhook::sink {
namespace {

namespace asio = boost::asio;

/// What the output was asked for, and how it answers.
struct Script {
    std::vector<std::vector<std::string>> batches;
    std::size_t reopened = 0;
    std::size_t room = std::numeric_limits<std::size_t>::max();
    bool throws = false;
    base::Duration patience{};  ///< of the last batch
};

class ScriptedOutput final : public LineOutput {
public:
    explicit ScriptedOutput(Script& script) : script_(script) {}

    WriteReport write(std::span<const std::string_view> texts, base::Duration patience) override
    {
        script_.patience = patience;
        script_.batches.emplace_back(texts.begin(), texts.end());
        if (script_.throws)
            throw std::runtime_error("no memory\n");
        WriteReport report;
        report.lines = std::min(texts.size(), script_.room);
        if (report.lines < texts.size()) {
            report.error_class = "io";
            report.detail = "full";
        }
        return report;
    }
    void reopen() override { ++script_.reopened; }

private:
    Script& script_;
};

struct Attempt {
    std::string body;
    Message message = progress_message();
    asio::cancellation_signal stop;
    bool done = false;
    std::exception_ptr failure;
    Outcome outcome;
};

/// The writing thread is a second context, which writes when the test says so.
class LineSinkTest : public testing::Test {
protected:
    Attempt& start(std::string body)
    {
        Attempt& attempt = attempts_.emplace_back();
        attempt.body = std::move(body);
        attempt.message.body = attempt.body;
        asio::co_spawn(
            loop_,
            sink_.deliver(attempt.message),
            asio::bind_cancellation_slot(
                attempt.stop.slot(),
                [&attempt](std::exception_ptr failure, Outcome outcome) {
                    attempt.done = true;
                    attempt.failure = failure;
                    attempt.outcome = std::move(outcome);
                }
            )
        );
        run_loop();
        return attempt;
    }

    void run_loop()
    {
        loop_.restart();
        loop_.poll();
    }

    /// The batch on its way is written and its deliveries hear of it.
    void write_batch()
    {
        writer_.restart();
        writer_.poll();
        run_loop();
    }

    asio::io_context loop_{1};
    asio::io_context writer_{1};
    test::ManualClock clock_{loop_};
    Script script_;
    std::list<Attempt> attempts_;
    LineSink sink_{
        std::make_unique<ScriptedOutput>(script_),
        config::Format::standard,
        std::chrono::seconds(15),
        clock_,
        loop_.get_executor(),
        writer_.get_executor()
    };
};

using Batches = std::vector<std::vector<std::string>>;

TEST_F(LineSinkTest, IsDeliveredOnlyOnceItIsWritten)
{
    const Attempt& attempt = start("1");
    EXPECT_FALSE(attempt.done);
    write_batch();
    ASSERT_TRUE(attempt.done);
    EXPECT_TRUE(attempt.outcome.delivered);
    EXPECT_EQ(attempt.outcome.error_class, "");
    EXPECT_EQ(script_.batches, (Batches{{"1"}}));
}

TEST_F(LineSinkTest, AReloadChangesHowLongAReaderIsWaitedFor)
{
    start("1");
    write_batch();
    EXPECT_EQ(script_.patience, std::chrono::seconds(15));
    config::Delivery delivery;
    delivery.attempt_timeout = std::chrono::seconds(2);
    sink_.retune(config::Sink(), delivery);
    start("2");
    write_batch();
    EXPECT_EQ(script_.patience, std::chrono::seconds(2));
}

TEST_F(LineSinkTest, WritesTogetherWhatGatheredDuringABatch)
{
    start("1");
    start("2");
    start("3");
    write_batch();
    EXPECT_TRUE(attempts_.front().done);
    EXPECT_FALSE(attempts_.back().done);
    start("4");
    write_batch();
    write_batch();
    EXPECT_EQ(script_.batches, (Batches{{"1"}, {"2", "3"}, {"4"}}));
    for (const Attempt& attempt : attempts_)
        EXPECT_TRUE(attempt.outcome.delivered);
}

TEST_F(LineSinkTest, WritesABatchOfManyWithOneCall)
{
    for (int i = 0; i < 1000; ++i)
        start(std::to_string(i));
    write_batch();
    write_batch();
    ASSERT_EQ(script_.batches.size(), 2U);
    EXPECT_EQ(script_.batches.at(1).size(), 999U);
    EXPECT_EQ(script_.batches.at(1).back(), "999");
}

TEST_F(LineSinkTest, FailsOnlyTheLinesThatWereNotWritten)
{
    start("0");
    start("1");
    start("2");
    write_batch();
    script_.room = 1;
    write_batch();
    EXPECT_TRUE(std::next(attempts_.begin())->outcome.delivered);
    EXPECT_FALSE(attempts_.back().outcome.delivered);
    EXPECT_EQ(attempts_.back().outcome.error_class, "io");
    EXPECT_EQ(attempts_.back().outcome.detail, "full");
}

TEST_F(LineSinkTest, AnExceptionOfTheOutputFailsTheBatch)
{
    script_.throws = true;
    const Attempt& attempt = start("1");
    write_batch();
    ASSERT_TRUE(attempt.done);
    EXPECT_FALSE(attempt.failure);
    EXPECT_FALSE(attempt.outcome.delivered);
    EXPECT_EQ(attempt.outcome.detail, "no memory\\n");
    script_.throws = false;
    const Attempt& next = start("2");
    write_batch();
    EXPECT_TRUE(next.outcome.delivered);
}

TEST_F(LineSinkTest, ReopensBeforeTheNextBatch)
{
    sink_.reopen();
    EXPECT_EQ(script_.reopened, 0U);
    start("1");
    write_batch();
    EXPECT_EQ(script_.reopened, 1U);
    start("2");
    write_batch();
    EXPECT_EQ(script_.reopened, 1U);
}

TEST_F(LineSinkTest, CallsBackACancelledLineThatStillWaits)
{
    start("1");
    Attempt& second = start("2");
    const Attempt& third = start("3");
    second.stop.emit(asio::cancellation_type::terminal);
    run_loop();
    ASSERT_TRUE(second.done);
    EXPECT_FALSE(second.failure);
    EXPECT_TRUE(second.outcome.cancelled);
    write_batch();
    write_batch();
    EXPECT_TRUE(third.outcome.delivered);
    EXPECT_EQ(script_.batches, (Batches{{"1"}, {"3"}}));
}

TEST_F(LineSinkTest, ACancelledLineThatIsBeingWrittenIsFinished)
{
    Attempt& writing = start("1");
    writing.stop.emit(asio::cancellation_type::terminal);
    run_loop();
    EXPECT_FALSE(writing.done);
    write_batch();
    ASSERT_TRUE(writing.done);
    EXPECT_FALSE(writing.failure);
    EXPECT_TRUE(writing.outcome.delivered);
    EXPECT_FALSE(writing.outcome.cancelled);
}

TEST_F(LineSinkTest, TheOneWhoseTurnItIsMayBeCancelled)
{
    start("1");
    Attempt& second = start("2");
    const Attempt& third = start("3");
    writer_.restart();
    writer_.poll();
    // Both have happened before either is seen: the batch is written, and the next one's writer stops.
    second.stop.emit(asio::cancellation_type::terminal);
    run_loop();
    write_batch();
    EXPECT_TRUE(second.done);
    ASSERT_TRUE(third.done);
    EXPECT_TRUE(third.outcome.delivered);
}

TEST_F(LineSinkTest, WritesTheConfiguredFormat)
{
    LineSink bare(
        std::make_unique<ScriptedOutput>(script_),
        config::Format::bare,
        std::chrono::seconds(15),
        clock_,
        loop_.get_executor(),
        loop_.get_executor()
    );
    const Message message = progress_message();
    EXPECT_TRUE(run_until_done(loop_, bare.deliver(message)).delivered);
    EXPECT_EQ(script_.batches, (Batches{{std::string(bare_body)}}));
}

}  // namespace
}  // namespace pollhook::sink
