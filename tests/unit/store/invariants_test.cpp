#include "pollhook/store/invariants.hpp"

#include "attempt_record.hpp"
#include "fixture.hpp"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <gmock/gmock.h>

#include <fstream>

namespace pollhook::store {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

/// A database that has seen everything, and is then broken by hand.
class InvariantsTest : public StoreTest {
protected:
    InvariantsTest()
    {
        open();
        ops_ = open_sink("ops");
        log_ = open_sink("log");
        Story a = add_task("a", "https://hooks.example.com/a");
        Story b = add_task("b", "https://hooks.example.com/b");
        add_task("c");
        a_ = a.row();
        b_ = b.row();
        tell(a.progress(10));
        tell(a.progress(50));
        tell(a.next(task::Status::succeeded));
        tell(a.updated());
        tell(b.progress(10));
        tell(b.progress(20));
        deliver({a_, task_webhook, 1}, 204);
        deliver({a_, task_webhook, 2}, 200);
        deliver({a_, log_.id, 1}, 0);
        settle_again({b_, task_webhook, 1}, noon);
        deliver({b_, ops_.id, 1}, 503, DeliveryState::dead, "HTTP 503");
        Announcing announcing;
        announcing.announcement.type = task::EventType::sink_failing;
        announcing.announcement.subject = "sink/ops";
        announcing.announcement.at = noon;
        announcing.sinks = {log_};
        std::vector<Announcing> own{announcing};
        run(store().announce(std::move(own), ClaimPolicy()));
    }

    void tell(Change change)
    {
        change.addressees = {to(ops_), to(log_)};
        change.addressees[0].latest = true;
        record(std::move(change));
    }
    void deliver(
        const DeliveryKey& key,
        int status,
        DeliveryState state = DeliveryState::delivered,
        const std::string& reason = {}
    )
    {
        Settlement settlement;
        settlement.key = key;
        settlement.state = state;
        settlement.reason = reason;
        settlement.attempt.emplace();
        settlement.attempt->http_status = status;
        settlement.attempt->error_class = state == DeliveryState::delivered ? "" : "http";
        ClaimPolicy policy;
        policy.room = 100;
        run(store().settle({settlement}, {}, noon, policy));
    }
    /// Behind the back of the store, and of the schema.
    void break_it(const std::string& sql)
    {
        SQLite::Database database(file().string(), SQLite::OPEN_READWRITE);
        database.exec("PRAGMA foreign_keys = OFF");
        ASSERT_GT(database.exec(sql), 0) << sql << ": changed nothing";
    }

    std::vector<Violation> violations()
    {
        std::vector<Violation> all;
        InvariantListener listener;
        listener.found = [&](const Violation& violation) { all.push_back(violation); };
        checked_ = check_invariants(file(), listener);
        EXPECT_EQ(checked_.violations, all.size());
        return all;
    }
    /// The ids of the invariants, each with what is wrong.
    std::vector<std::string> found()
    {
        std::vector<std::string> found;
        for (const Violation& one : violations())
            found.push_back(one.invariant + ": " + one.what);
        return found;
    }
    std::vector<std::string> found_after(const std::string& sql)
    {
        break_it(sql);
        return found();
    }

    SinkRow ops_, log_;
    TaskRow a_{}, b_{};
    InvariantCheck checked_;
};

TEST_F(InvariantsTest, AGoodDatabasePassesBesideItsOpenStore)
{
    EXPECT_THAT(found(), IsEmpty());
    EXPECT_EQ(checked_.tasks, 4U);
    EXPECT_EQ(checked_.transitions, 6U);
    EXPECT_EQ(checked_.deliveries, 19U);
}

TEST_F(InvariantsTest, ItWritesNothingAndEmptiesNoLog)
{
    const auto log = file().string() + "-wal";
    const auto size = std::filesystem::file_size(log);
    close();
    open();
    violations();
    EXPECT_GT(size, 0U);
    add_task("d");
    const auto before = std::filesystem::file_size(log);
    violations();
    EXPECT_EQ(std::filesystem::file_size(log), before);
}

TEST_F(InvariantsTest, EveryPageIsSeen)
{
    std::vector<Registration> many;
    for (int i = 0; i < 1200; ++i)
        many.emplace_back().key = {"relay", "many-" + std::to_string(i)};
    run(store().register_tasks(std::move(many), noon));
    EXPECT_THAT(found(), IsEmpty());
    EXPECT_EQ(checked_.tasks, 1204U);
    EXPECT_EQ(found_after("UPDATE tasks SET sequence = 1 WHERE task_id LIKE 'many-%'").size(), 1200U);
}

TEST_F(InvariantsTest, I0FindsRowsOfNoTask)
{
    EXPECT_THAT(
        found_after("DELETE FROM tasks WHERE id = 1"),
        testing::IsSupersetOf(
            {"I0: a row of transitions belongs to no task",
             "I0: a row of events belongs to no task",
             "I0: a row of deliveries belongs to no task"}
        )
    );
}

TEST_F(InvariantsTest, I0FindsADestinationThatIsNotThere)
{
    EXPECT_THAT(found_after("DELETE FROM sinks WHERE name = 'log'"), Contains("I0: to no known destination"));
}

TEST_F(InvariantsTest, I0FindsADamagedPage)
{
    close();
    {
        SQLite::Database database(file().string(), SQLite::OPEN_READWRITE);
        database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    }
    const int page = [&] {
        SQLite::Database database(file().string(), SQLite::OPEN_READWRITE);
        return database.execAndGet("SELECT rootpage FROM sqlite_schema WHERE name = 'deliveries'").getInt();
    }();
    std::fstream bytes(file(), std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekp((page - 1) * 4096 + 8);
    bytes << "nonsense";
    bytes.close();
    const auto all = violations();
    ASSERT_FALSE(all.empty());
    EXPECT_EQ(all.front().invariant, "I0");
}

TEST_F(InvariantsTest, I1FindsAStepWithoutItsEvent)
{
    const auto all = found_after("DELETE FROM events WHERE task = 1 AND sequence = 2");
    EXPECT_THAT(all, Contains("I1: a step without its event"));
    EXPECT_THAT(all, Contains("I8: a delivery without its event"));
}

TEST_F(InvariantsTest, I2FindsAGapAndWhereItIs)
{
    break_it("DELETE FROM transitions WHERE task = 1 AND sequence = 2");
    const auto all = violations();
    ASSERT_FALSE(all.empty());
    EXPECT_EQ(all[0].invariant, "I2");
    EXPECT_EQ(all[0].task, a_);
    EXPECT_EQ(all[0].key, (task::TaskKey{"relay", "a"}));
    EXPECT_EQ(all[0].sequence, 3U);
}

TEST_F(InvariantsTest, I2FindsStepsThatAreMissingAtTheEnd)
{
    EXPECT_THAT(
        found_after("DELETE FROM transitions WHERE task = 2 AND sequence = 2"),
        Contains("I2: the task counts 2 steps, the last one there is 1")
    );
    EXPECT_THAT(
        found_after("DELETE FROM transitions WHERE task = 2"),
        Contains("I2: the task counts 2 steps, the last one there is 0")
    );
}

TEST_F(InvariantsTest, I3FindsAStatusThatFellBack)
{
    EXPECT_THAT(
        found_after("UPDATE transitions SET to_status = 0 WHERE task = 1 AND sequence = 2"),
        Contains("I3: the status fell back")
    );
}

TEST_F(InvariantsTest, I3FindsProgressThatFell)
{
    EXPECT_THAT(
        found_after("UPDATE transitions SET to_progress = 9 WHERE task = 1 AND sequence = 2"),
        Contains("I3: the progress fell, or is above 100")
    );
}

TEST_F(InvariantsTest, I3FindsASecondEnd)
{
    EXPECT_THAT(
        found_after("UPDATE transitions SET type = 5 WHERE task = 1 AND sequence = 4"),
        Contains("I3: something else than task.updated after the end")
    );
}

TEST_F(InvariantsTest, I3FindsATaskThatIsElsewhereThanItsSteps)
{
    EXPECT_THAT(
        found_after("UPDATE tasks SET status = 5 WHERE id = 1"),
        ElementsAre("I3: the task is elsewhere than its last step")
    );
}

TEST_F(InvariantsTest, I3FindsNumbersThatMeanNothing)
{
    EXPECT_THAT(
        found_after("UPDATE transitions SET to_status = 77 WHERE task = 1 AND sequence = 1"),
        Contains("I3: a type or status that does not exist")
    );
    EXPECT_THAT(
        found_after("UPDATE events SET type = 1000 WHERE task = (SELECT id FROM tasks WHERE provider = '')"),
        Contains("I3: a type that does not exist")
    );
}

TEST_F(InvariantsTest, I4FindsTwoThatAreDueInOneLane)
{
    EXPECT_THAT(
        found_after("UPDATE deliveries SET due = 5 WHERE task = 2 AND sink = 0 AND sequence = 2"),
        ElementsAre("I4: it is due while an earlier one is open")
    );
}

TEST_F(InvariantsTest, I4FindsALastWordThatWasSuperseded)
{
    EXPECT_THAT(
        found_after("UPDATE deliveries SET state = 4, reason = 'x', due = NULL, ended_at = 1"
                    " WHERE task = 1 AND sink = 0 AND sequence = 3"),
        Contains("I4: the last word was superseded")
    );
}

TEST_F(InvariantsTest, I4FindsASupersededOneWithoutANewerOne)
{
    EXPECT_THAT(
        found_after("UPDATE deliveries SET state = 4, reason = 'x', due = NULL, ended_at = 1"
                    " WHERE task = 2 AND sink = 0 AND sequence = 2"),
        ElementsAre("I4: superseded, and nothing newer is there")
    );
}

TEST_F(InvariantsTest, I5FindsAnotherEventId)
{
    EXPECT_THAT(
        found_after("UPDATE events SET event_id = 'evt_0' WHERE task = 1 AND sequence = 1"),
        ElementsAre("I5: not the id that the step gives")
    );
    EXPECT_THAT(
        found_after("UPDATE events SET event_id = 'evt_0' WHERE type = 12"),
        Contains("I5: not the id that the event gives")
    );
}

TEST_F(InvariantsTest, I5FindsAnotherBody)
{
    EXPECT_THAT(
        found_after("UPDATE events SET body = CAST('{\"type\":\"task.failed\"}' AS BLOB) WHERE task = 2 AND "
                    "sequence = 1"),
        Contains("I5: the body is that of another event")
    );
}

TEST_F(InvariantsTest, I6FindsADeliveredOneWithoutA2xx)
{
    Attempt attempt;
    attempt.http_status = 503;
    SQLite::Database database(file().string(), SQLite::OPEN_READWRITE);
    SQLite::Statement change(
        database, "UPDATE deliveries SET last_attempt = ? WHERE task = 1 AND sink = 0 AND sequence = 1"
    );
    const std::string record = pack(attempt);
    change.bind(1, record.data(), static_cast<int>(record.size()));
    change.exec();
    EXPECT_THAT(found(), ElementsAre("I6: delivered, but the answer was 503"));
}

TEST_F(InvariantsTest, I6FindsADeliveredOneWithoutAnAttempt)
{
    EXPECT_THAT(
        found_after("UPDATE deliveries SET state = 2, due = NULL, ended_at = 1 WHERE task = 1 AND sink = 0 "
                    "AND sequence = 3"),
        Contains("I6: delivered without an attempt")
    );
}

TEST_F(InvariantsTest, I6FindsAnEndWithoutAReason)
{
    EXPECT_THAT(
        found_after("UPDATE deliveries SET reason = '' WHERE state = 3"),
        ElementsAre("I6: it ended without a reason")
    );
}

TEST_F(InvariantsTest, I6FindsALaneThatIsStuck)
{
    EXPECT_THAT(
        found_after("UPDATE deliveries SET due = NULL WHERE task = 2 AND sink = 0 AND sequence = 1"),
        ElementsAre("I6: it waits for nothing and is never due")
    );
}

TEST_F(InvariantsTest, I6FindsStatesThatDoNotExist)
{
    EXPECT_THAT(
        found_after("UPDATE deliveries SET state = 1 WHERE task = 2 AND sink = 0 AND sequence = 1"),
        Contains("I6: a state that does not exist")
    );
}

TEST_F(InvariantsTest, I8FindsAnEventWithoutItsStep)
{
    EXPECT_THAT(
        found_after("DELETE FROM transitions WHERE task = 1 AND sequence = 4"),
        Contains("I8: an event without its step")
    );
}

TEST_F(InvariantsTest, I9FindsAnEndThatTheRelayDidNotTell)
{
    EXPECT_THAT(
        found_after("UPDATE transitions SET upstream_status = 'FAILURE' WHERE task = 1 AND sequence = 3"),
        ElementsAre("I9: not what the relay said")
    );
}

TEST_F(InvariantsTest, AnotherFileIsRefused)
{
    const InvariantListener nobody{.found = [](const Violation&) {}, .progress = {}};
    EXPECT_THROW(check_invariants(directory() / "missing.db", nobody), StartError);
    EXPECT_FALSE(std::filesystem::exists(directory() / "missing.db"));
    std::ofstream(directory() / "text.db") << std::string(8192, 'x');
    EXPECT_THROW(check_invariants(directory() / "text.db", nobody), StartError);
    {
        SQLite::Database other(
            (directory() / "other.db").string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE
        );
        other.exec("CREATE TABLE t (a)");
    }
    EXPECT_THROW(check_invariants(directory() / "other.db", nobody), StartError);
}

}  // namespace
}  // namespace pollhook::store
