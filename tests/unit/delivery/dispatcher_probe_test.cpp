#include "dispatcher_fixture.hpp"

namespace pollhook::delivery {
namespace {

using namespace std::chrono_literals;
using store::DeliveryState;
using test::ScriptedSink;

/// A sink whose receiver is back while its circuit breaker is open, and which a person knows to be back.
class DispatcherProbeTest : public DispatcherTest {
protected:
    void break_receiver()
    {
        settings_.retry_schedule = {2h, 2h};
        add_sink("ops");
        start();
        script("ops").answer = [this](const sink::Message&) { return ScriptedSink::http(down_ ? 503 : 200); };
        fill("a", 20, "");
        ASSERT_EQ(dispatcher_->open_breakers(), 1U);
        attempts_ = script("ops").receipts.size();
        ASSERT_LT(attempts_, 20U);
        pass(1s);
        ASSERT_EQ(script("ops").receipts.size(), attempts_);
    }
    /// How many attempts were made since break_receiver().
    std::size_t further_attempts() { return script("ops").receipts.size() - attempts_; }
    void test_sink()
    {
        boost::asio::co_spawn(
            world_.loop,
            dispatcher_->test_sink("ops"),
            [](std::exception_ptr failure, std::optional<sink::Outcome>) {
                if (failure)
                    std::rethrow_exception(failure);
            }
        );
        world_.clock.drain();
    }
    /// All but those that were attempted before are delivered.
    void expect_recovery()
    {
        pass(1s);
        EXPECT_EQ(dispatcher_->open_breakers(), 0U);
        EXPECT_EQ(count(DeliveryState::delivered), 20U - attempts_);
    }

    bool down_ = true;
    std::size_t attempts_ = 0;
};

TEST_F(DispatcherProbeTest, ARetryBringsTheProbeForward)
{
    break_receiver();
    down_ = false;
    const auto failed = key("a0", 1, sinks_.at("ops").row.id);
    ASSERT_EQ(detail("a0", 1, failed.sink).attempts.size(), 1U);
    world_.run(world_.store->reopen(failed, dispatcher_->outbox_now()));
    const store::OriginId queue = sinks_.at("ops").row.origin;
    dispatcher_->send_now({&queue, 1});
    pass(1s);
    EXPECT_EQ(detail("a0", 1, failed.sink).summary.state, DeliveryState::delivered);
    EXPECT_EQ(count(DeliveryState::delivered), 20U - attempts_ + 1);
}

TEST_F(DispatcherProbeTest, AProbeThatIsBroughtForwardIsOneAttempt)
{
    break_receiver();
    const store::OriginId queue = sinks_.at("ops").row.origin;
    dispatcher_->send_now({&queue, 1});
    pass(1s);
    EXPECT_EQ(further_attempts(), 1U);
    EXPECT_EQ(dispatcher_->open_breakers(), 1U);
}

TEST_F(DispatcherProbeTest, AResumeBringsTheProbeForward)
{
    break_receiver();
    world_.run(dispatcher_->pause_sink("ops", "maintenance"));
    pass(1s);
    down_ = false;
    world_.run(dispatcher_->resume_sink("ops"));
    expect_recovery();
}

TEST_F(DispatcherProbeTest, ATestThatSucceedsBringsTheProbeForwardAndOneThatFailsDoesNot)
{
    break_receiver();
    test_sink();
    pass(1s);
    EXPECT_EQ(further_attempts(), 1U) << "the test itself";
    down_ = false;
    attempts_ = script("ops").receipts.size() - 1;
    test_sink();
    expect_recovery();
}

TEST_F(DispatcherProbeTest, ATestThatEndsAfterItsSinkWasRemovedSendsNothing)
{
    break_receiver();
    script("ops").hangs = [](const sink::Message&) { return true; };
    script("ops").only_late = true;
    test_sink();
    const std::shared_ptr<Script> ops = sinks_.at("ops").script;
    dispatcher_->adopt({.settings = settings_, .sinks = {}, .task_webhooks = {}, .task_webhook_sink = nullptr}
    );
    pass(1min);
    EXPECT_EQ(ops->at_once, 0U);
    EXPECT_EQ(ops->receipts.size(), attempts_ + 1);
}

TEST_F(DispatcherProbeTest, AReplacedSinkBringsTheProbeForward)
{
    break_receiver();
    down_ = false;
    Dispatcher::Next next;
    next.settings = settings_;
    Dispatcher::NextSink& one = next.sinks.emplace_back();
    one.row = sinks_.at("ops").row;
    one.settings = sinks_.at("ops").settings;
    one.sink = std::make_shared<ScriptedSink>(world_.clock, sinks_.at("ops").script);
    dispatcher_->adopt(std::move(next));
    expect_recovery();
}

TEST_F(DispatcherProbeTest, AReloadThatLeavesTheSinkAsItIsDoesNot)
{
    break_receiver();
    Dispatcher::Next next;
    next.settings = settings_;
    Dispatcher::NextSink& one = next.sinks.emplace_back();
    one.row = sinks_.at("ops").row;
    one.settings = sinks_.at("ops").settings;
    dispatcher_->adopt(std::move(next));
    pass(1s);
    EXPECT_EQ(further_attempts(), 0U);
}

}  // namespace
}  // namespace pollhook::delivery
