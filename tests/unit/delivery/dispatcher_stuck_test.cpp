#include "dispatcher_fixture.hpp"
#include "support/deaf_clock.hpp"

namespace pollhook::delivery {
namespace {

using namespace std::chrono_literals;
using store::DeliveryState;
using test::ScriptedSink;
using ::testing::SizeIs;

class DispatcherStuckTest : public DispatcherTest {
protected:
    DispatcherStuckTest() { clock_ = &deaf_; }
    ~DispatcherStuckTest() override { kill(); }  // the dispatcher's timers are gone before their clock is

    /// As the watchdog asks: every ten seconds. Whether it was overdue at any time.
    bool was_overdue_within(base::Duration time)
    {
        bool overdue = false;
        for (base::Duration passed{}; passed < time; passed += 10s) {
            pass(10s);
            overdue = dispatcher_->is_overdue(now() - 30s) || overdue;
        }
        return overdue;
    }
    /// A replay with a step each ten seconds.
    void start_job()
    {
        add_sink("ops");
        start();
        fill("a", 100, "");
        store::JobRequest request;
        request.kind = store::JobKind::replay;
        request.sink = sinks_.at("ops").row.id;
        request.per_second = 0.1;
        world_.run(world_.store->create_job(request, world_.clock.now()));
        dispatcher_->wake_jobs();
    }
    void hang()
    {
        urls_->hangs = [](const sink::Message&) { return true; };
    }

    test::DeafClock deaf_{world_.clock};
};

TEST_F(DispatcherStuckTest, ALoopThatNoLongerSendsIsSeen)
{
    start();
    add_task("1");
    urls_->answer = [](const sink::Message&) { return ScriptedSink::http(503); };
    step("1");
    EXPECT_FALSE(was_overdue_within(1min)) << "it waits for the time of the retry";
    deaf_.deaf = true;
    EXPECT_TRUE(was_overdue_within(10min));
}

TEST_F(DispatcherStuckTest, ALoopThatNoLongerSettlesIsSeen)
{
    start();
    add_task("1");
    hang();
    step("1");
    EXPECT_FALSE(was_overdue_within(10s));
    deaf_.deaf = true;
    EXPECT_TRUE(was_overdue_within(1min)) << "the outcome of the attempt is not settled";
}

TEST_F(DispatcherStuckTest, AJobThatTakesNoStepIsSeen)
{
    start_job();
    EXPECT_FALSE(was_overdue_within(2min)) << "it keeps its pace";
    deaf_.deaf = true;
    dispatcher_->wake_jobs();
    EXPECT_TRUE(was_overdue_within(2min));
}

TEST_F(DispatcherStuckTest, AJobWhoseStoreIsFullIsNot)
{
    start_job();
    full_->full = true;
    EXPECT_FALSE(was_overdue_within(10min));
}

TEST_F(DispatcherStuckTest, AnAttemptThatStartsAfterAllEndsTheTrouble)
{
    start();
    add_task("1");
    urls_->answer = [](const sink::Message& message) {
        return ScriptedSink::http(message.attempt == 1 ? 503 : 200);
    };
    deaf_.deaf = true;
    step("1");
    EXPECT_TRUE(was_overdue_within(1min));
    deaf_.deaf = false;
    add_task("2");
    step("2");
    EXPECT_FALSE(was_overdue_within(10min));
    EXPECT_EQ(count(DeliveryState::delivered), 2U);
}

TEST_F(DispatcherStuckTest, OneWithoutWorkIsNot)
{
    start();
    EXPECT_FALSE(was_overdue_within(1h));
}

TEST_F(DispatcherStuckTest, OneWhoseReceiversHangIsNot)
{
    settings_.max_in_flight = 4;
    start();
    urls_->timeout = 24h;
    hang();
    fill("a", 100, "https://a.example.com");
    fill("b", 100, "https://b.example.com");
    EXPECT_EQ(urls_->at_once, 4U);
    EXPECT_FALSE(was_overdue_within(1h));
}

TEST_F(DispatcherStuckTest, OneWhoseReceiversAreDownIsNot)
{
    start();
    urls_->answer = [](const sink::Message&) { return ScriptedSink::http(503); };
    fill("a", 100, "https://a.example.com");
    EXPECT_FALSE(was_overdue_within(3h));
    EXPECT_GT(dispatcher_->open_breakers(), 0U);
}

TEST_F(DispatcherStuckTest, OneWhoseSinkIsPausedIsNot)
{
    add_sink("ops");
    start();
    world_.run(dispatcher_->pause_sink("ops", "maintenance"));
    fill("a", 100, "");
    EXPECT_FALSE(was_overdue_within(1h));
}

TEST_F(DispatcherStuckTest, OneThatIsHeldByARateIsNot)
{
    add_sink("ops").max_per_second = 0.01;
    start();
    fill("a", 100, "");
    EXPECT_FALSE(was_overdue_within(1h));
    EXPECT_LT(script("ops").receipts.size(), 100U);
}

TEST_F(DispatcherStuckTest, OneWhoseStoreIsFullIsNot)
{
    start();
    fill("a", 10, "https://a.example.com");
    add_task("1");
    full_->full = true;
    urls_->answer = [](const sink::Message&) { return ScriptedSink::http(503); };
    EXPECT_FALSE(was_overdue_within(1h));
}

TEST_F(DispatcherStuckTest, AMachineThatSleptIsNot)
{
    start();
    urls_->answer = [](const sink::Message&) { return ScriptedSink::http(503); };
    fill("a", 10, "https://a.example.com");
    EXPECT_FALSE(was_overdue_within(1min));
    // A loop that did not turn for long has everything due at once, and the question may come first.
    world_.clock.advance(24h);
    EXPECT_FALSE(dispatcher_->is_overdue(now() - 30s));
    EXPECT_FALSE(was_overdue_within(1min));
}

TEST_F(DispatcherStuckTest, OneThatStopsIsNot)
{
    start();
    add_task("1");
    hang();
    urls_->stubborn = true;
    urls_->timeout = 1h;
    step("1");
    begin_stop(30min);
    EXPECT_FALSE(was_overdue_within(10min));
    EXPECT_FALSE(stopped_);
    pass(2h);
    EXPECT_TRUE(stopped_);
}

}  // namespace
}  // namespace pollhook::delivery
