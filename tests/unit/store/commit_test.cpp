#include "fixture.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <fmt/format.h>

#include <chrono>

namespace pollhook::store {
namespace {

using namespace std::chrono_literals;

/// The store works when the test says so, on the test's thread.
class CommitTest : public StoreTest {
protected:
    CommitTest() { open(options_by_hand()); }

    auto start_adding(const std::string& id, std::size_t n = 1)
    {
        std::vector<Registration> batch(n);
        for (std::size_t i = 0; i < n; ++i) {
            batch[i].key = {"relay", fmt::format("{}-{}", id, i)};
            batch[i].metadata = std::string(200, ' ') + "{}";
        }
        return start(store().register_tasks(std::move(batch), noon));
    }
    auto start_recording(const Change& change)
    {
        std::vector<Change> batch{change};
        return start(store().record(std::move(batch), ClaimPolicy()));
    }
    [[nodiscard]] bool has_reserve() const { return std::filesystem::exists(directory() / "reserve"); }

private:
    Connections connections_;  // before the store is opened
};

TEST_F(CommitTest, WhatWaitsTogetherSharesOneCommit)
{
    const int before = Connections::commits();
    std::vector<decltype(start_adding(""))> results;
    for (int i = 0; i < 50; ++i)
        results.push_back(start_adding(std::to_string(i)));
    run_all();
    for (const auto& result : results)
        EXPECT_TRUE((*result)->has_value());
    EXPECT_EQ(Connections::commits(), before + 1);
}

TEST_F(CommitTest, WhatWaitsForACommitIsDroppedWithTheStore)
{
    auto held = std::make_shared<int>();
    const std::weak_ptr<int> waits = held;
    boost::asio::co_spawn(
        loop_,
        store().set_meta("never", "written"),
        [held = std::move(held)](std::exception_ptr, base::Result<void>) {}
    );
    loop_.poll();
    store_thread_.restart();
    ASSERT_EQ(store_thread_.poll_one(), 1U);  // gathered, but not yet committed
    ASSERT_FALSE(waits.expired());
    open(options_by_hand());
    loop_.restart();
    loop_.poll();  // Asio takes coroutines down on their own loop
    EXPECT_TRUE(waits.expired());
    EXPECT_FALSE(run(store().meta("never")));
}

TEST_F(CommitTest, ReadsNeedNoCommit)
{
    const int before = Connections::commits();
    run(store().meta("x"));
    run(store().backlog());
    EXPECT_EQ(Connections::commits(), before);
}

TEST_F(CommitTest, ATransactionIsBounded)
{
    const int before = Connections::commits();
    std::vector<decltype(start_adding(""))> results;
    for (int i = 0; i < 5; ++i)
        results.push_back(start_adding(std::to_string(i), 900));
    run_all();
    for (const auto& result : results)
        EXPECT_EQ((*result)->value().size(), 900U);
    EXPECT_EQ(Connections::commits(), before + 3);
}

TEST_F(CommitTest, AnOperationThatBreaksARuleSpoilsNoOther)
{
    Story a = add_task("a");
    Story b = add_task("b");
    const SinkRow ops = open_sink("ops");
    Change twice = a.progress(10);
    twice.addressees = {to(ops), to(ops)};
    const auto good_before = start_recording(b.progress(10));
    const auto bad = start_recording(twice);
    const auto good_after = start_recording(b.progress(20));
    run_all();

    EXPECT_EQ((*good_before)->value().applied, std::vector<bool>{true});
    EXPECT_EQ((*bad)->error(), Errc::conflict);
    EXPECT_EQ((*good_after)->value().applied, std::vector<bool>{true});
    EXPECT_EQ(run(store().task(a.key())).value().summary.sequence, 0U);
    EXPECT_EQ(run(store().task(b.key())).value().summary.sequence, 2U);
    expect_right_counts();
}

TEST_F(CommitTest, WhatIsInFlightFollowsARolledBackTransaction)
{
    Story a = add_task("a");
    const SinkRow ops = open_sink("ops");
    std::vector<Story> tasks;
    std::vector<DeliveryKey> keys;
    for (const char* id : {"b", "c"}) {
        Change change = tasks.emplace_back(add_task(id)).progress(10);
        change.addressees = {to(ops)};
        const Recorded recorded = record(std::move(change), tasks.size() == 1 ? 1 : 0);
        keys.push_back({tasks.back().row(), ops.id, 1});
        EXPECT_EQ(recorded.claimed.size(), tasks.size() == 1 ? 1U : 0U);
    }
    // The first is in flight and is settled, the second is claimed, and then everything is undone and done
    // again.
    Change twice = a.progress(10);
    twice.addressees = {to(ops), to(ops)};
    Settlement settlement;
    settlement.key = keys[0];
    settlement.state = DeliveryState::delivered;
    const auto settled = start(store().settle({settlement}, {}, noon, ClaimPolicy()));
    const auto claimed = start(store().claim({{ops.origin, 10}}, noon + std::chrono::hours(1)));
    const auto bad = start_recording(twice);
    run_all();

    EXPECT_EQ((*bad)->error(), Errc::conflict);
    EXPECT_TRUE((*settled)->has_value());
    EXPECT_EQ(state(keys[0]), DeliveryState::delivered);
    ASSERT_EQ((*claimed)->value().claimed.size(), 1U);
    EXPECT_EQ((*claimed)->value().claimed[0].key, keys[1]);
    EXPECT_EQ(state(keys[1]), DeliveryState::in_flight);
    EXPECT_TRUE(run(store().claim({{ops.origin, 10}}, noon + std::chrono::hours(1))).claimed.empty());
    settle(keys[1], DeliveryState::delivered);
    EXPECT_EQ(state(keys[1]), DeliveryState::delivered);
    expect_right_counts();
}

TEST_F(CommitTest, AFullDiskRefusesTasksAndKeepsDelivering)
{
    Story a = add_task("a", "https://hooks.example.com/a");
    record(a.progress(10));
    ASSERT_TRUE(has_reserve());
    Connections::execute("PRAGMA max_page_count = 40");

    const auto many = start_adding("many", 1900);
    const auto change = start_recording(a.progress(20));
    run_all();
    EXPECT_EQ((*many)->error(), Errc::full);
    EXPECT_EQ((*change)->value().applied, std::vector<bool>{true});
    EXPECT_FALSE(has_reserve());
    settle({a.row(), task_webhook, 1}, DeliveryState::delivered);
    expect_right_counts();

    Connections::execute("PRAGMA max_page_count = 1000000");
    const auto again = start_adding("many", 1900);
    run_all();
    EXPECT_EQ((*again)->value().size(), 1900U);
    EXPECT_TRUE(has_reserve());
}

TEST_F(CommitTest, AFailedCommitIsNeverTriedAgain)
{
    Story a = add_task("a");
    Connections::refuse_commits();
    const auto first = start_recording(a.progress(10));
    const auto second = start_adding("b");
    run_all();
    EXPECT_EQ((*first)->error(), Errc::failed);
    EXPECT_EQ((*second)->error(), Errc::failed);
    EXPECT_EQ(try_run(store().meta("x")).error(), Errc::failed);
    EXPECT_EQ(try_run(store().record({a.progress(20)}, ClaimPolicy())).error(), Errc::failed);
}

TEST_F(CommitTest, AnErrorOfTheDatabaseBreaksTheStore)
{
    Connections::execute("PRAGMA query_only = ON");
    const auto first = start_adding("a");
    run_all();
    EXPECT_EQ((*first)->error(), Errc::failed);
    Connections::execute("PRAGMA query_only = OFF");
    const auto later = start_adding("b");
    run_all();
    EXPECT_EQ((*later)->error(), Errc::failed);
    close();
}

TEST_F(CommitTest, NoTaskIsTakenAboveTheSizeLimit)
{
    SqliteOptions small = options_by_hand();
    small.max_size = 1'000'000;
    open(std::move(small));
    Story a = add_task("a");
    for (int i = 0; i < 3; ++i) {
        start_adding(std::to_string(i), 1900);
        run_all();
    }
    const auto refused = start_adding("more");
    const auto change = start_recording(a.progress(10));
    run_all();
    EXPECT_EQ((*refused)->error(), Errc::full);
    EXPECT_TRUE((*change)->has_value());
}

TEST_F(CommitTest, ToldIsWhetherThereIsSpaceAndNothingIsWrittenForIt)
{
    const int before = Connections::commits();
    EXPECT_EQ(run(store().space()), Space::enough);
    EXPECT_EQ(Connections::commits(), before);
    SqliteOptions small = options_by_hand();
    small.max_size = 1;
    open(std::move(small));
    EXPECT_EQ(run(store().space()), Space::none_below_max_size);
}

TEST_F(CommitTest, WhatWasHandedInIsDoneBeforeTheStoreCloses)
{
    const auto last = start_adding("a");
    close();
    EXPECT_TRUE((*last)->has_value());
    EXPECT_EQ(std::filesystem::file_size(file().string() + "-wal"), 0U);
    open();
    EXPECT_TRUE(run(store().task({"relay", "a-0"})).has_value());
}

TEST_F(CommitTest, AfterTheEndOperationsAreRefused)
{
    boost::asio::co_spawn(loop_, store().close(), [](std::exception_ptr) {});
    run_all();
    const auto late = start_adding("a");
    run_all();
    EXPECT_EQ((*late)->error(), Errc::closed);
    EXPECT_EQ(try_run(store().totals()).error(), Errc::closed);
}

TEST_F(CommitTest, WhatWaitsWhenTheStoreIsDestroyedIsRefusedToo)
{
    const auto pending = start_adding("a");
    loop_.poll();
    open(options_by_hand());
    run_all();
    EXPECT_EQ((*pending)->error(), Errc::closed);
}

/// With the threads of the store itself.
class ThreadsTest : public StoreTest {
protected:
    ThreadsTest() { open(); }
};

TEST_F(ThreadsTest, SurvivesCancellationOfItsCallers)
{
    for (int i = 0; i < 200; ++i) {
        boost::asio::cancellation_signal stop;
        std::optional<base::Result<void>> result;
        boost::asio::co_spawn(
            loop_,
            store().set_meta("turn", std::to_string(i)),
            boost::asio::bind_cancellation_slot(
                stop.slot(), [&](std::exception_ptr, base::Result<void> value) { result = std::move(value); }
            )
        );
        loop_.restart();
        loop_.poll();
        stop.emit(boost::asio::cancellation_type::terminal);
        loop_.run();
        ASSERT_TRUE(result && result->has_value());
        ASSERT_EQ(run(store().meta("turn")), std::to_string(i));
    }
}

TEST_F(ThreadsTest, CommitsAndQueriesGoOnBesideEachOther)
{
    std::vector<Story> stories;
    for (int i = 0; i < 20; ++i)
        stories.push_back(add_task(std::to_string(i), "https://hooks.example.com/x"));
    int done = 0;
    for (std::int8_t percent = 1; percent <= 10; ++percent) {
        for (Story& story : stories) {
            std::vector<Change> batch{story.progress(percent)};
            boost::asio::co_spawn(
                loop_,
                store().record(std::move(batch), ClaimPolicy()),
                [&](std::exception_ptr, base::Result<Recorded> recorded) {
                    done += recorded.has_value() ? 1 : 0;
                }
            );
            boost::asio::co_spawn(
                loop_,
                store().totals(),
                [&](std::exception_ptr, base::Result<Totals> totals) { done += totals.has_value() ? 1 : 0; }
            );
        }
    }
    run_all();
    EXPECT_EQ(done, 400);
    EXPECT_EQ(run(store().totals()).events, 200U);
    expect_right_counts();
}

TEST_F(ThreadsTest, IsDestroyedWhileOperationsWait)
{
    for (int i = 0; i < 100; ++i) {
        boost::asio::co_spawn(
            loop_, store().set_meta("turn", std::to_string(i)), [](std::exception_ptr, base::Result<void>) {}
        );
    }
    loop_.poll();
    reopen();
    run(store().set_meta("turn", "last"));
    EXPECT_EQ(run(store().meta("turn")), "last");
}

TEST_F(ThreadsTest, TheLogIsEmptiedAsItGrows)
{
    Registration registration;
    registration.metadata = "{\"x\":\"" + std::string(8000, 'x') + "\"}";
    for (int i = 0; i < 120; ++i) {
        std::vector<Registration> batch;
        for (int j = 0; j < 100; ++j) {
            registration.key = {"relay", fmt::format("{}-{}", i, j)};
            batch.push_back(registration);
        }
        run(store().register_tasks(std::move(batch), noon));
    }
    // All of it is 96 MB; a busy writer checkpoints at 16,000 pages of 4 KiB at the latest, and then the log
    // begins anew.
    EXPECT_LT(std::filesystem::file_size(file().string() + "-wal"), 75'000'000U);
}

}  // namespace
}  // namespace pollhook::store
