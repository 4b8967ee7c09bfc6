#include "pollhook/poll/scheduler.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace pollhook::poll {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class SchedulerTest : public ::testing::Test {
protected:
    Slot add(const std::string& id, base::Duration age = 0s)
    {
        store::WatchedTask task;
        task.row = store::TaskRow{++rows_};
        task.id = id;
        task.registered_at = wall_ - age;
        task.changed_at = wall_ - age;
        EXPECT_TRUE(scheduler_.add(task, now_, wall_));
        return scheduler_.find(id).value();
    }
    std::vector<std::string> take(std::size_t limit = 50)
    {
        std::vector<std::string> ids;
        for (const Slot slot : scheduler_.take(now_, limit))
            ids.push_back(scheduler_.id(slot));
        return ids;
    }
    void pass(base::Duration time)
    {
        now_ += time;
        wall_ += time;
    }
    /// Time passes until a task is due; how long that took.
    base::Duration wait()
    {
        const auto due = scheduler_.next_due(100);
        if (!due)
            return base::Duration::max();
        const base::Duration time = std::max(base::Duration(0), *due - now_);
        pass(time);
        return time;
    }
    Verdict look_unchanged(Slot slot)
    {
        EXPECT_THAT(take(1), ElementsAre(scheduler_.id(slot)));
        return scheduler_.unchanged(slot, now_);
    }
    void change(Slot slot, task::Status status)
    {
        task::Known known = scheduler_.known(slot);
        ++known.sequence;
        known.status = status;
        scheduler_.changed(slot, known, now_);
    }

    Pace pace_;
    Scheduler scheduler_{pace_};
    base::SteadyPoint now_{1h};
    base::TimePoint wall_ = base::from_unix_ms(1'800'000'000'000);
    std::int64_t rows_ = 0;
};

TEST_F(SchedulerTest, ANewTaskIsDueAtOnce)
{
    add("1");
    EXPECT_EQ(wait(), 0s);
    EXPECT_THAT(take(), ElementsAre("1"));
    EXPECT_EQ(scheduler_.in_flight(), 1U);
}

TEST_F(SchedulerTest, AWatchedIdIsNotAddedTwice)
{
    add("1");
    store::WatchedTask again;
    again.id = "1";
    EXPECT_FALSE(scheduler_.add(again, now_, wall_));
    EXPECT_EQ(scheduler_.size(), 1U);
}

TEST_F(SchedulerTest, ATaskInFlightIsNotTakenAgain)
{
    const Slot slot = add("1");
    take(1);
    EXPECT_EQ(scheduler_.next_due(100), std::nullopt);
    EXPECT_FALSE(scheduler_.take(slot));
    pass(1h);
    EXPECT_THAT(take(), IsEmpty());
}

TEST_F(SchedulerTest, AChangedTaskIsDueAfterThePollInterval)
{
    const Slot slot = add("1");
    take(1);
    change(slot, task::Status::running);
    EXPECT_EQ(wait(), 5s);
}

TEST_F(SchedulerTest, AnUnchangedTaskIsLookedAtLessAndLess)
{
    const Slot slot = add("1");
    std::vector<base::Duration> pauses;
    for (int i = 0; i < 9; ++i) {
        look_unchanged(slot);
        pauses.push_back(wait());
    }
    EXPECT_THAT(pauses, ElementsAre(7500ms, 11250ms, 16875ms, 25312ms, 37968ms, 56952ms, 60s, 60s, 60s));
    take(1);
    change(slot, task::Status::running);
    EXPECT_EQ(wait(), 5s);
}

TEST_F(SchedulerTest, ABatchThatIsNotFullWaitsForCompany)
{
    add("1");
    EXPECT_THAT(take(), ElementsAre("1"));
    pass(1s);
    add("2");
    EXPECT_THAT(take(), IsEmpty());
    pass(1s);
    add("3");
    EXPECT_THAT(take(), IsEmpty());
    EXPECT_EQ(wait(), 3s);
    EXPECT_THAT(take(), UnorderedElementsAre("2", "3"));
}

TEST_F(SchedulerTest, AFullBatchWaitsForNothing)
{
    add("1");
    EXPECT_THAT(take(), ElementsAre("1"));
    add("2");
    EXPECT_THAT(take(2), IsEmpty());
    add("3");
    EXPECT_LE(scheduler_.next_due(2).value(), now_);
    EXPECT_THAT(take(2), UnorderedElementsAre("2", "3"));
}

TEST_F(SchedulerTest, ABatchIsFilledWithWhatWasNotLookedAtForAPollInterval)
{
    const Slot slow = add("slow");
    for (int i = 0; i < 10; ++i) {
        look_unchanged(slow);
        wait();
    }
    look_unchanged(slow);
    pass(5s);  // of the minute that it would be left alone
    add("new");
    EXPECT_THAT(take(), UnorderedElementsAre("slow", "new"));
}

TEST_F(SchedulerTest, NoTaskRidesAlongWithinItsPollInterval)
{
    const Slot slow = add("slow");
    for (int i = 0; i < 10; ++i) {
        look_unchanged(slow);
        wait();
    }
    take(1);
    scheduler_.postponed(slow, now_);
    pass(4s);
    add("new");
    EXPECT_THAT(take(), ElementsAre("new"));
    pass(5s);
    EXPECT_THAT(take(), ElementsAre("slow"));
}

TEST_F(SchedulerTest, ATaskThatIsRemovedLeavesNobodyWaiting)
{
    add("1");
    EXPECT_THAT(take(), ElementsAre("1"));
    scheduler_.remove(add("2"));
    add("3");
    EXPECT_THAT(take(2), IsEmpty());
    EXPECT_EQ(wait(), 5s);
    EXPECT_THAT(take(2), ElementsAre("3"));
}

TEST_F(SchedulerTest, APostponedTaskWaitsForItsPollInterval)
{
    const Slot slot = add("1");
    take(1);
    scheduler_.postponed(slot, now_);
    EXPECT_EQ(wait(), 5s);
    EXPECT_THAT(take(), ElementsAre("1"));
}

TEST_F(SchedulerTest, ATaskTakenOutOfItsTurnIsNotTakenTwice)
{
    const Slot slot = add("1");
    add("2");
    EXPECT_THAT(take(1), ElementsAre("1"));
    scheduler_.unchanged(slot, now_);
    pass(8s);
    // "2" is ready, "1" as well; an answer tells of both.
    const Slot other = scheduler_.find("2").value();
    EXPECT_TRUE(scheduler_.take(other));
    EXPECT_THAT(take(), ElementsAre("1"));
    EXPECT_EQ(scheduler_.in_flight(), 2U);
    change(other, task::Status::running);
    EXPECT_EQ(scheduler_.in_flight(), 1U);
    EXPECT_EQ(wait(), 5s);
}

TEST_F(SchedulerTest, WhatIsLeftOfAnEarlierTurnMakesNothingDue)
{
    const Slot slot = add("1");
    look_unchanged(slot);
    wait();
    look_unchanged(slot);
    EXPECT_EQ(wait(), 11250ms);
    add("2");
    EXPECT_THAT(take(1), ElementsAre("2"));
    // "1" is ready, in its place at 11.25 s from then; taken now it will be due in 5 s, and its next place is
    // the same.
    pass(1250ms);
    EXPECT_TRUE(scheduler_.take(slot));
    change(slot, task::Status::running);
    EXPECT_THAT(take(), IsEmpty());
    pass(4999ms);
    EXPECT_THAT(take(), IsEmpty());
    pass(1ms);
    EXPECT_THAT(take(), ElementsAre("1"));
}

TEST_F(SchedulerTest, NeverLooksTwiceWithinThePollInterval)
{
    for (int i = 0; i < 40; ++i) {
        add(std::to_string(i));
        pass(130ms);
    }
    std::vector<base::SteadyPoint> last(40, base::SteadyPoint(0s));
    for (int step = 0; step < 5000; ++step) {
        for (const Slot slot : scheduler_.take(now_, 7)) {
            const auto index = static_cast<std::size_t>(std::stoi(scheduler_.id(slot)));
            EXPECT_GE(now_ - last[index], 5s);
            last[index] = now_;
            if (step % 3 == 0)
                change(slot, task::Status::running);
            else if (step % 3 == 1)
                scheduler_.unchanged(slot, now_);
            else
                scheduler_.postponed(slot, now_);
        }
        pass(37ms);
    }
}

TEST_F(SchedulerTest, StuckTasksDoNotStarveNewOnesNorTheOtherWayRound)
{
    for (int i = 0; i < 300; ++i) {
        const Slot slot = add("stuck" + std::to_string(i));
        (void)slot;
    }
    std::vector<Slot> looked;
    // 4 tasks a second can be looked at; 300 stuck ones alone want 5.
    std::size_t stuck = 0;
    base::Duration longest{};
    for (int second = 0; second < 1200; ++second) {
        if (second % 2 == 0)
            add("new" + std::to_string(second));
        for (const Slot slot : scheduler_.take(now_, 4)) {
            const std::string id = scheduler_.id(slot);
            if (id.starts_with("stuck")) {
                ++stuck;
                scheduler_.unchanged(slot, now_);
            } else {
                const base::Duration waited = wall_ - base::from_unix_ms(1'800'000'000'000) -
                                              std::chrono::seconds(std::stoi(id.substr(3)));
                longest = std::max(longest, waited);
                scheduler_.remove(slot);
            }
        }
        pass(1s);
    }
    // After the first round of everything that was new at once, a new task waits no longer than the stuck
    // ones' intervals.
    EXPECT_LE(longest, 80s);
    EXPECT_GT(stuck, 3000U);
}

TEST_F(SchedulerTest, AMissingTaskIsLostAfterEnoughMissesOverEnoughTime)
{
    const Slot slot = add("1");
    pass(2min);
    base::Duration since_first{};
    for (int misses = 1;; ++misses) {
        take(1);
        const Verdict verdict = scheduler_.missing(slot, now_);
        if (verdict == Verdict::lost) {
            EXPECT_GE(misses, 5);
            EXPECT_GE(since_first, 10min);
            break;
        }
        ASSERT_TRUE(misses < 5 || since_first < 10min);
        since_first += wait();
    }
}

TEST_F(SchedulerTest, MissesDuringTheGraceDoNotCount)
{
    Pace pace;
    pace.lost_misses = 1;
    pace.lost_time = 0s;
    Scheduler scheduler(pace);
    store::WatchedTask task;
    task.id = "1";
    task.registered_at = wall_;
    scheduler.add(task, now_, wall_);
    const Slot slot = scheduler.find("1").value();
    (void)scheduler.take(now_, 1);
    EXPECT_EQ(scheduler.missing(slot, now_ + 119s), Verdict::none);
    ASSERT_TRUE(scheduler.take(slot));
    EXPECT_EQ(scheduler.missing(slot, now_ + 120s), Verdict::lost);
}

TEST_F(SchedulerTest, ATaskThatIsSeenAgainStartsItsMissesAnew)
{
    Pace pace;
    pace.lost_misses = 2;
    pace.lost_time = 0s;
    Scheduler scheduler(pace);
    store::WatchedTask task;
    task.id = "1";
    task.registered_at = wall_ - 1h;
    scheduler.add(task, now_, wall_);
    const Slot slot = scheduler.find("1").value();
    EXPECT_TRUE(scheduler.take(slot));
    EXPECT_EQ(scheduler.missing(slot, now_), Verdict::none);
    EXPECT_TRUE(scheduler.take(slot));
    EXPECT_EQ(scheduler.unchanged(slot, now_), Verdict::stalled);
    EXPECT_TRUE(scheduler.take(slot));
    EXPECT_EQ(scheduler.missing(slot, now_), Verdict::none);
    EXPECT_TRUE(scheduler.take(slot));
    EXPECT_EQ(scheduler.missing(slot, now_), Verdict::lost);
}

TEST_F(SchedulerTest, AQuietTaskStallsOnceUntilItChanges)
{
    const Slot slot = add("1", 20min);
    EXPECT_EQ(look_unchanged(slot), Verdict::stalled);
    EXPECT_TRUE(scheduler_.take(slot));
    task::Known known = scheduler_.known(slot);
    known.stalled_announced = true;
    scheduler_.changed(slot, known, now_);
    wait();
    EXPECT_EQ(look_unchanged(slot), Verdict::none);
}

TEST_F(SchedulerTest, AnOldTaskExpiresByAnyAnswer)
{
    EXPECT_EQ(look_unchanged(add("1", 6h)), Verdict::expired);
    const Slot other = add("2", 6h);
    take(1);
    EXPECT_EQ(scheduler_.unanswered(other, now_), Verdict::expired);
    const Slot third = add("3", 6h);
    take(1);
    EXPECT_EQ(scheduler_.missing(third, now_), Verdict::expired);
}

TEST_F(SchedulerTest, AWaitingTaskExpiresByTheTimeSinceAPersonWasAsked)
{
    const Slot slot = add("1", 5h + 59min);
    take(1);
    change(slot, task::Status::waiting);
    EXPECT_EQ(wait(), 60s);
    EXPECT_EQ(look_unchanged(slot), Verdict::none);
    pass(6h);
    EXPECT_EQ(look_unchanged(slot), Verdict::expired);
}

TEST_F(SchedulerTest, APersonsTimeIsNotTheTasksAge)
{
    const Slot slot = add("1", 1h);
    take(1);
    change(slot, task::Status::waiting);
    pass(5h + 30min);
    take(1);
    change(slot, task::Status::running);
    pass(10min);
    EXPECT_EQ(look_unchanged(slot), Verdict::none);
    pass(5h);
    EXPECT_EQ(look_unchanged(slot), Verdict::expired);
}

TEST_F(SchedulerTest, AWaitingTaskNeverStalls)
{
    const Slot slot = add("1");
    take(1);
    change(slot, task::Status::waiting);
    pass(5h);
    EXPECT_EQ(look_unchanged(slot), Verdict::none);
}

TEST_F(SchedulerTest, PlansALookForTheMomentWhenTasksUsuallyEnd)
{
    const Slot first = add("1");
    take(1);
    scheduler_.unchanged(first, now_);
    pass(30s);
    take(1);
    scheduler_.finished(first, task::Status::succeeded, now_);

    const Slot second = add("2");
    base::Duration age{};
    std::vector<base::Duration> looks;
    while (age < 60s) {
        take(1);
        scheduler_.unchanged(second, now_);
        age += wait();
        looks.push_back(age);
    }
    EXPECT_THAT(looks, ::testing::Contains(30s));
}

TEST_F(SchedulerTest, ATaskThatHadEndedBeforeItsFirstLookTeachesNothing)
{
    for (int i = 0; i < 5; ++i) {
        const Slot slot = add("old" + std::to_string(i), 30s);
        take(1);
        scheduler_.finished(slot, task::Status::succeeded, now_);
    }
    const Slot slot = add("1");
    std::vector<base::Duration> pauses;
    for (int i = 0; i < 3; ++i) {
        look_unchanged(slot);
        pauses.push_back(wait());
    }
    EXPECT_THAT(pauses, ElementsAre(7500ms, 11250ms, 16875ms));
}

TEST_F(SchedulerTest, ARemovedTaskLeavesItsPlaceToAnother)
{
    const Slot gone = add("1");
    take(1);
    scheduler_.remove(gone);
    EXPECT_EQ(scheduler_.in_flight(), 0U);
    EXPECT_EQ(scheduler_.find("1"), std::nullopt);
    EXPECT_EQ(scheduler_.next_due(100), std::nullopt);
    const Slot next = add("2");
    EXPECT_EQ(next, gone);
    EXPECT_EQ(scheduler_.row(next), store::TaskRow{2});
    EXPECT_THAT(take(), ElementsAre("2"));
}

TEST_F(SchedulerTest, ARemovedTaskThatWasDueIsNotTaken)
{
    scheduler_.remove(add("1"));
    add("2");
    EXPECT_THAT(take(), ElementsAre("2"));
}

TEST_F(SchedulerTest, AJumpOfTheWallClockEndsNoTask)
{
    const Slot slot = add("1");
    wall_ += 24h;
    EXPECT_EQ(look_unchanged(slot), Verdict::none);
    wall_ -= 48h;
    wait();
    EXPECT_EQ(look_unchanged(slot), Verdict::none);
    // Registered before the clock was set back: not younger than new.
    store::WatchedTask future;
    future.id = "2";
    future.registered_at = wall_ + 24h;
    future.changed_at = future.registered_at;
    scheduler_.add(future, now_, wall_);
    const Slot second = scheduler_.find("2").value();
    EXPECT_TRUE(scheduler_.take(second));
    EXPECT_EQ(scheduler_.unchanged(second, now_), Verdict::none);
}

TEST_F(SchedulerTest, ASettlingTaskNeitherStallsNorExpiresNorGetsLost)
{
    store::WatchedTask task;
    task.id = "1";
    task.known.status = task::Status::succeeded;
    task.registered_at = wall_ - 10h;
    task.changed_at = task.registered_at;
    task.settle_until = wall_ + 1min;
    task.result_digest = 7;
    scheduler_.add(task, now_, wall_);
    const Slot slot = scheduler_.find("1").value();
    ASSERT_NE(scheduler_.settling(slot), nullptr);
    EXPECT_EQ(scheduler_.settling(slot)->until, now_ + 1min);
    EXPECT_EQ(look_unchanged(slot), Verdict::none);
    ASSERT_TRUE(scheduler_.take(slot));
    EXPECT_EQ(scheduler_.missing(slot, now_), Verdict::none);
    ASSERT_TRUE(scheduler_.take(slot));
    EXPECT_EQ(scheduler_.unanswered(slot, now_), Verdict::none);
}

}  // namespace
}  // namespace pollhook::poll
