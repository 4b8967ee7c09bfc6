#include "poller_fixture.hpp"
#include "support/deaf_clock.hpp"

namespace pollhook::poll {
namespace {

using namespace std::chrono_literals;
using task::Status;

class PollerStuckTest : public PollerTest {
protected:
    void start_on(base::Clock& clock)
    {
        const config::TaskWebhooks webhooks;
        routing_.emplace(webhooks, std::span<const config::Sink>(), std::span<const store::SinkRow>());
        full_.emplace(*world_.store);
        Surroundings around;
        around.provider = &relay_;
        around.store = &*full_;
        around.clock = &clock;
        around.random = &world_.random;
        around.routing = &*routing_;
        around.intake = &intake_;
        around.announcements = &announcements_;
        around.guard = &guard_;
        poller_ = std::make_unique<Poller>(settings_, around);
        world_.run(poller_->load());
        group_.spawn(poller_->run());
        world_.clock.drain();
    }
    /// As the watchdog asks: every ten seconds. Whether it was overdue at any time.
    bool was_overdue_within(base::Duration time)
    {
        bool overdue = false;
        for (base::Duration passed{}; passed < time; passed += 10s) {
            pass(10s);
            overdue = poller_->is_overdue(world_.clock.steady_now() - 30s) || overdue;
        }
        return overdue;
    }
};

TEST_F(PollerStuckTest, ALoopThatHangsIsSeen)
{
    test::DeafClock clock(world_.clock);
    start_on(clock);
    relay_.show("1", Status::running, 30);
    watch("1");
    EXPECT_FALSE(was_overdue_within(5min)) << "it works";
    clock.deaf = true;
    EXPECT_TRUE(was_overdue_within(3min));
    stop();
}

TEST_F(PollerStuckTest, ALookThatStartsAfterAllEndsTheTrouble)
{
    test::DeafClock clock(world_.clock);
    start_on(clock);
    relay_.show("1", Status::running, 30);
    clock.deaf = true;
    watch("1");
    EXPECT_TRUE(was_overdue_within(1min));
    clock.deaf = false;
    watch("2");
    EXPECT_FALSE(was_overdue_within(2min));
    stop();
}

TEST_F(PollerStuckTest, APollerWithoutTasksIsNot)
{
    start();
    EXPECT_FALSE(was_overdue_within(1h));
}

TEST_F(PollerStuckTest, APollerThatIsHeldByItsRateIsNot)
{
    settings_.max_requests_per_second = 0.01;
    settings_.batch_size = 1;
    start();
    for (int i = 0; i < 20; ++i) {
        relay_.show(std::to_string(i), Status::running, 30);
        watch(std::to_string(i));
    }
    EXPECT_FALSE(was_overdue_within(30min));
}

TEST_F(PollerStuckTest, APollerWhoseRelayFailsOrRefusesTheKeyIsNot)
{
    start();
    relay_.failure = failed(provider::Errc::unavailable);
    watch("1");
    EXPECT_FALSE(was_overdue_within(1h));
    relay_.failure = failed(provider::Errc::unauthorized);
    EXPECT_FALSE(was_overdue_within(1h));
}

TEST_F(PollerStuckTest, APausedPollerIsNot)
{
    start();
    relay_.show("1", Status::running, 30);
    watch("1");
    Pauses pauses;
    pauses.begin(world_.clock.now(), "maintenance");
    poller_->set_pauses(pauses);
    EXPECT_FALSE(was_overdue_within(1h));
}

TEST_F(PollerStuckTest, AMachineThatSleptIsNot)
{
    start();
    relay_.show("1", Status::running, 30);
    watch("1");
    EXPECT_FALSE(was_overdue_within(1min));
    world_.clock.jump(24h);
    EXPECT_FALSE(poller_->is_overdue(world_.clock.steady_now() - 30s));
    EXPECT_FALSE(was_overdue_within(1min));
    // A loop that did not turn for long has everything due at once, and the question may come first.
    world_.clock.advance(24h);
    EXPECT_FALSE(was_overdue_within(1min));
}

}  // namespace
}  // namespace pollhook::poll
