#include "faults/checked_world.hpp"

#include <SQLiteCpp/Statement.h>
#include <fmt/format.h>

#include <set>
#include <tuple>

namespace pollhook::test {
namespace {

using Receipt = simulator::Receipt;
/// Event id and destination.
using Delivered = std::pair<std::string, std::string>;

bool was_accepted(const Receipt& receipt)
{
    return receipt.status >= 200 && receipt.status < 300;
}

}  // namespace

void CheckedWorld::add_task(
    simulator::Relay& relay, const std::string& id, std::string_view life, std::string end
)
{
    relay.add_task(id, simulator::parse_life(life).value());
    ends_[id] = std::move(end);
}

bool CheckedWorld::try_to_watch(
    const std::string& id, const simulator::Receiver& receiver, std::size_t metadata_bytes
)
{
    const std::string body = fmt::format(
        R"({{"provider":"relay","id":"{0}","webhookUrl":"{1}/hooks/{0}","metadata":{{"text":"{2}"}}}})",
        id,
        receiver.base_url(),
        std::string(metadata_bytes, 'x')
    );
    try {
        return post("/v1/tasks", body).status / 100 == 2;
    } catch (const boost::system::system_error&) {
        return false;
    }
}

void CheckedWorld::add_tasks(
    simulator::Relay& relay,
    simulator::Receiver& receiver,
    const std::string& prefix,
    int count,
    std::size_t metadata_bytes
)
{
    for (int i = 0; i < count; ++i) {
        const std::string id = prefix + std::to_string(i);
        const bool fails = i % 5 == 4;
        add_task(
            relay,
            id,
            fails ? "0s SUBMITTED 0%, 300ms IN_PROGRESS 20%, 300ms FAILURE" : short_life,
            fails ? "task.failed" : "task.succeeded"
        );
        ASSERT_TRUE(becomes_true([&] { return try_to_watch(id, receiver, metadata_bytes); })) << id;
    }
}

std::string CheckedWorld::sink(const simulator::Receiver& receiver)
{
    return fmt::format(
        "\n[[sink]]\nname = \"all\"\ntype = \"webhook\"\nurl = \"{}/all\"\nsecret = \"{}\"\n",
        receiver.base_url(),
        secret
    );
}

testing::AssertionResult CheckedWorld::all_over(int seconds)
{
    const auto result = becomes_true(
        [this] {
            for (const auto& [id, end] : ends_)
                if (last_type(id) != end)
                    return false;
            return true;
        },
        seconds
    );
    if (result)
        return result;
    auto failure = testing::AssertionFailure() << "not over:";
    for (const auto& [id, end] : ends_)
        if (last_type(id) != end)
            failure << ' ' << id << " (" << last_type(id) << ")";
    return failure;
}

bool CheckedWorld::has_all(const std::string& sink) const
{
    return number("SELECT count(*) FROM tasks WHERE status >= 4") ==
               static_cast<std::int64_t>(ends_.size()) &&
           number(
               "SELECT count(*) FROM deliveries d JOIN sinks s ON s.id = d.sink WHERE d.state <> 2 AND "
               "s.name = '" +
               sink + "'"
           ) == 0;
}

std::string CheckedWorld::check_database() const
{
    const CommandResult result = run_pollhook({"db", "check", database().string()});
    return result.exit_code == 0 ? "" : result.out + result.error;
}

std::int64_t CheckedWorld::number(const std::string& sql) const
{
    SQLite::Database database(this->database().string(), SQLite::OPEN_READWRITE, 10'000);
    database.exec("PRAGMA query_only = ON; PRAGMA wal_autocheckpoint = 0");
    return database.execAndGet(sql).getInt64();
}

void CheckedWorld::expect_invariants()
{
    EXPECT_EQ(check_database(), "");
    EXPECT_TRUE(order_.violations().empty()) << "I4, I5: " << order_.violations().front();
    EXPECT_EQ(unverified_, 0U) << "I5: a signature does not fit";
    SQLite::Database database(this->database().string(), SQLite::OPEN_READWRITE, 10'000);
    database.exec("PRAGMA query_only = ON; PRAGMA wal_autocheckpoint = 0");
    expect_ends(database);
    expect_sent_is_stored(database);
    // What was seen a moment ago is perhaps not settled yet: only what is stored is asked of the log.
    expect_delivered_was_seen(database);
    expect_everybody_was_told(database);
}

void CheckedWorld::expect_ends(SQLite::Database& database) const
{
    SQLite::Statement find(
        database,
        "SELECT (SELECT name FROM (SELECT 4 AS s, 'task.succeeded' AS name UNION SELECT 5, 'task.failed'"
        " UNION SELECT 6, 'task.cancelled') WHERE s = status) FROM tasks WHERE task_id = ?"
    );
    for (const auto& [id, end] : ends_) {
        find.reset();
        find.bind(1, id);
        ASSERT_TRUE(find.executeStep()) << "I1: " << id << " was acknowledged and is not there";
        EXPECT_EQ(find.getColumn(0).getString(), end) << "I7, I9: " << id;
    }
}

void CheckedWorld::expect_sent_is_stored(SQLite::Database& database) const
{
    SQLite::Statement find(database, "SELECT body FROM events WHERE event_id = ?");
    for (const Receipt& receipt : seen_) {
        find.reset();
        find.bind(1, receipt.id);
        ASSERT_TRUE(find.executeStep())
            << "I8: " << receipt.id << " of " << receipt.task << " was sent, not stored";
        EXPECT_EQ(find.getColumn(0).getString(), receipt.body) << "I8: " << receipt.id;
    }
}

void CheckedWorld::expect_delivered_was_seen(SQLite::Database& database) const
{
    std::set<Delivered> seen;
    for (const Receipt& receipt : seen_)
        if (was_accepted(receipt))
            seen.emplace(receipt.id, receipt.destination.starts_with("/hooks") ? "task" : "sink");
    SQLite::Statement all(
        database,
        "SELECT e.event_id, iif(d.sink = 0, 'task', 'sink') FROM deliveries d JOIN events e ON e.id = d.event"
        " WHERE d.state = 2"
    );
    while (all.executeStep())
        EXPECT_TRUE(seen.contains({all.getColumn(0).getString(), all.getColumn(1).getString()}))
            << "I6: " << all.getColumn(0).getString() << " is told delivered to the "
            << all.getColumn(1).getString() << " and no receiver accepted it";
}

void CheckedWorld::expect_everybody_was_told(SQLite::Database& database) const
{
    // These worlds have one sink that wants everything, from the start on.
    const std::int64_t untold = database
                                    .execAndGet(
                                        "SELECT count(*) FROM events e JOIN tasks t ON t.id = e.task"
                                        " WHERE t.provider <> '' AND EXISTS (SELECT 1 FROM sinks)"
                                        " AND NOT EXISTS (SELECT 1 FROM deliveries d"
                                        "  WHERE d.event = e.id AND d.sink > 0)"
                                    )
                                    .getInt64();
    EXPECT_EQ(untold, 0) << "events without a delivery to the sink";
    const std::int64_t unsent = database
                                    .execAndGet(
                                        "SELECT count(*) FROM events e JOIN tasks t ON t.id = e.task"
                                        " WHERE t.webhook_url <> '' AND NOT EXISTS"
                                        " (SELECT 1 FROM deliveries d WHERE d.event = e.id AND d.sink = 0)"
                                    )
                                    .getInt64();
    EXPECT_EQ(unsent, 0) << "events without a delivery to the task's own URL";
}

}  // namespace pollhook::test
