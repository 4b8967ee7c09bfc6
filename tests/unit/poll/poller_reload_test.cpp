#include "poller_fixture.hpp"

namespace pollhook::poll {
namespace {

using namespace std::chrono_literals;
using task::Status;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class PollerReloadTest : public PollerTest {
protected:
    void adopt(std::shared_ptr<provider::Provider> provider = nullptr)
    {
        Poller::Next next;
        next.settings = settings_;
        next.provider = std::move(provider);
        next.routing = &*routing_;
        next.guard = &guard_;
        poller_->adopt(std::move(next));
        world_.clock.drain();
    }
    void pause()
    {
        Pauses pauses = poller_->pauses();
        pauses.begin(world_.clock.now(), "maintenance");
        keep(std::move(pauses));
    }
    void resume()
    {
        Pauses pauses = poller_->pauses();
        pauses.end(world_.clock.now());
        keep(std::move(pauses));
    }
    void keep(Pauses pauses)
    {
        world_.run(world_.store->set_meta(Pauses::note_name("relay"), pauses.text()));
        poller_->set_pauses(std::move(pauses));
        world_.clock.drain();
    }
};

TEST_F(PollerReloadTest, AnotherKeyIsTriedAtOnceAndTheLookUnderWayEndsAsItBegan)
{
    start();
    relay_.failure = failed(provider::Errc::unauthorized);
    relay_.show("1", Status::running, 30);
    watch("1");
    pass(1s);
    ASSERT_TRUE(poller_->health().key_refused());
    const auto other = std::make_shared<test::ScriptedProvider>(world_.clock);
    other->show("1", Status::running, 40);
    adopt(other);
    pass(5s);
    EXPECT_FALSE(poller_->health().key_refused());
    EXPECT_THAT(other->looks, SizeIs(1));
    EXPECT_THAT(story("1"), ElementsAre("1 task.running"));
}

TEST_F(PollerReloadTest, WhatBefallsTheFormerProviderIsNotHeldAgainstTheNewOne)
{
    start();
    relay_.silent = true;
    watch("1");
    ASSERT_THAT(relay_.looks, SizeIs(1));
    const auto other = std::make_shared<test::ScriptedProvider>(world_.clock);
    adopt(other);
    relay_.failure = failed(provider::Errc::unauthorized);
    relay_.release();
    world_.clock.drain();
    EXPECT_FALSE(poller_->health().key_refused());
    EXPECT_EQ(poller_->in_flight(), 0U);
    pass(10s);
    EXPECT_THAT(other->looks_at("1"), ::testing::Not(IsEmpty()));
}

TEST_F(PollerReloadTest, AnotherPaceHoldsForTasksThatWaitAlready)
{
    settings_.poll_interval = 60s;
    settings_.max_poll_interval = 60s;
    start();
    relay_.show("1", Status::running, 30);
    watch("1");
    ASSERT_THAT(relay_.looks, SizeIs(1));
    pass(10s);
    settings_.poll_interval = 5s;
    settings_.max_poll_interval = 5s;
    adopt();
    pass(1s);
    EXPECT_THAT(relay_.looks, SizeIs(2)) << "its last look is more than five seconds ago";
    pass(20s);
    EXPECT_THAT(relay_.looks, SizeIs(6));
}

TEST_F(PollerReloadTest, ManyReloadsMakeNoLookEarly)
{
    start();
    relay_.show("1", Status::running, 30);
    watch("1");
    pass(6s);
    const std::size_t before = relay_.looks.size();
    for (int i = 0; i < 1000; ++i) {
        settings_.max_poll_interval = i % 2 == 0 ? 50s : 60s;
        adopt();
    }
    EXPECT_EQ(relay_.looks.size(), before);
}

TEST_F(PollerReloadTest, DiscoveryBeginsAndEnds)
{
    start();
    relay_.show("9", Status::running, 30);
    pass(1min);
    EXPECT_EQ(relay_.discoveries, 0U);
    relay_.feeds = true;
    adopt();
    pass(1min);
    EXPECT_GT(relay_.discoveries, 0U);
    EXPECT_THAT(story("9"), ElementsAre("1 task.running"));
    relay_.feeds = false;
    const std::size_t before = relay_.discoveries;
    pass(5min);
    EXPECT_LE(relay_.discoveries, before + 1);
}

TEST_F(PollerReloadTest, AClosedPollerEndsAndItsTasksStay)
{
    start();
    relay_.show("1", Status::running, 30);
    watch("1");
    pass(10s);
    relay_.silent = true;
    pass(10s);
    poller_->close();
    join();
    EXPECT_FALSE(poller_->is_running());
    relay_.release();
    poller_.reset();
    start();
    EXPECT_EQ(poller_->watched(), 1U);
}

TEST_F(PollerReloadTest, APausedProviderIsNotLookedAtAndNoTaskAges)
{
    settings_.max_age = 1h;
    settings_.stalled_after = 15min;
    start();
    relay_.show("1", Status::running, 30);
    watch("1");
    watch("missing");
    pass(5min);
    pause();
    const std::size_t looks = relay_.looks.size();
    watch("late");
    pass(48h);
    EXPECT_EQ(relay_.looks.size(), looks);
    resume();
    pass(1min);
    EXPECT_GT(relay_.looks.size(), looks);
    EXPECT_THAT(story("1"), ElementsAre("1 task.running"));
    EXPECT_THAT(story("missing"), IsEmpty());
    EXPECT_THAT(story("late"), IsEmpty());
    pass(56min);
    EXPECT_THAT(story("1"), ElementsAre("1 task.running", "2 task.stalled", "3 task.expired"));
    EXPECT_THAT(story("missing"), ElementsAre("1 task.lost"));
}

TEST_F(PollerReloadTest, APauseOutlivesRestartsAndCountsForNoAgeAfterwardsEither)
{
    settings_.max_age = 1h;
    start();
    relay_.show("1", Status::running, 30);
    watch("1");
    pass(5min);
    pause();
    pass(10h);
    restart();
    const std::size_t looks = relay_.looks.size();
    EXPECT_TRUE(poller_->pauses().is_paused());
    EXPECT_EQ(poller_->pauses().reason(), "maintenance");
    pass(10h);
    EXPECT_EQ(relay_.looks.size(), looks);
    resume();
    pass(1min);
    restart();
    pass(1min);
    EXPECT_THAT(story("1"), ElementsAre("1 task.running"));
    pass(1h);
    EXPECT_THAT(story("1"), ElementsAre("1 task.running", "2 task.stalled", "3 task.expired"));
}

TEST_F(PollerReloadTest, APausedProviderDiscoversNothing)
{
    relay_.feeds = true;
    start();
    pass(1min);
    pause();
    const std::size_t before = relay_.discoveries;
    pass(1h);
    EXPECT_LE(relay_.discoveries, before + 1);
    resume();
    pass(1min);
    EXPECT_GT(relay_.discoveries, before + 1);
}

}  // namespace
}  // namespace pollhook::poll
