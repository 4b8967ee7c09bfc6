#include "fixture.hpp"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <sqlite3.h>
#include <stdlib.h>

#include <atomic>
#include <chrono>
#include <map>
#include <stdexcept>

namespace pollhook::store {
namespace {

sqlite3* writing = nullptr;
std::atomic<int> committed{0};
std::atomic<bool> refusing{false};

int on_commit(void*)
{
    if (refusing)
        return 1;
    ++committed;
    return 0;
}

int on_open(sqlite3* database, const char**, const struct sqlite3_api_routines*)
{
    if (writing == nullptr) {
        writing = database;
        sqlite3_commit_hook(database, on_commit, nullptr);
    }
    return SQLITE_OK;
}

}  // namespace

TemporaryDirectory::TemporaryDirectory()
{
    std::string name = (std::filesystem::temp_directory_path() / "pollhook-store-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
        throw std::runtime_error("no temporary directory");
    path_ = name;
}

TemporaryDirectory::~TemporaryDirectory()
{
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

Connections::Connections()
{
    writing = nullptr;
    committed = 0;
    refusing = false;
    sqlite3_auto_extension(reinterpret_cast<void (*)()>(on_open));
}

Connections::~Connections()
{
    sqlite3_reset_auto_extension();
}

sqlite3* Connections::writer()
{
    return writing;
}

int Connections::commits()
{
    return committed;
}

void Connections::refuse_commits()
{
    refusing = true;
}

void Connections::execute(const std::string& sql)
{
    ASSERT_EQ(sqlite3_exec(writing, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
}

Change Story::next(task::Status status, std::int8_t progress)
{
    now_ += std::chrono::minutes(1);
    const std::string word = status == task::Status::succeeded ? "SUCCESS" : "IN_PROGRESS";
    const auto transition = task::detect(known_, status, progress, word, now_);
    if (!transition)
        throw std::logic_error("the story does not go on like that");
    return make(*transition, word);
}

Change Story::updated()
{
    now_ += std::chrono::minutes(1);
    return make(task::decide(known_, task::EventType::updated, now_), "SUCCESS");
}

Change Story::make(const task::Transition& transition, std::string upstream_status)
{
    known_ = task::apply(known_, transition, upstream_status);
    task::Snapshot snapshot;
    snapshot.upstream_status = upstream_status;
    Change change;
    change.task = row_;
    change.key = key_;
    change.transition = transition;
    change.upstream_status = std::move(upstream_status);
    change.event = task::draft_event(key_, transition, snapshot);
    change.to_task_webhook = true;
    return change;
}

SqliteOptions StoreTest::options() const
{
    SqliteOptions options;
    options.directory = directory();
    return options;
}

SqliteOptions StoreTest::options_by_hand()
{
    SqliteOptions given = options();
    given.writer = store_thread_.get_executor();
    return given;
}

void StoreTest::open(SqliteOptions options)
{
    store_.reset();
    store_ = std::make_unique<SqliteStore>(loop_.get_executor(), std::move(options));
}

void StoreTest::reopen()
{
    open();
}

void StoreTest::close()
{
    boost::asio::co_spawn(loop_, store_->close(), [](std::exception_ptr failure) {
        if (failure)
            std::rethrow_exception(failure);
    });
    run_all();
    store_.reset();
}

void StoreTest::run_all()
{
    loop_.restart();
    do {
        loop_.poll();
        store_thread_.restart();
        store_thread_.poll();
        loop_.run_one_for(std::chrono::milliseconds(1));
    } while (!loop_.stopped());
}

Story StoreTest::add_task(const std::string& id, const std::string& url)
{
    Registration registration;
    registration.key = {"relay", id};
    registration.webhook_url = url;
    if (!url.empty())
        registration.webhook_origin = "https://hooks.example.com";
    std::vector<Registration> batch{registration};
    return Story(run(store().register_tasks(std::move(batch), noon)).front().task.row, id);
}

SinkRow StoreTest::open_sink(const std::string& name)
{
    return run(store().open_sinks({{.name = name, .host = {}}})).front();
}

Recorded StoreTest::record(Change change, std::size_t room)
{
    std::vector<Change> batch;
    batch.push_back(std::move(change));
    ClaimPolicy policy;
    policy.room = room;
    return run(store().record(std::move(batch), policy));
}

Settled StoreTest::settle(const DeliveryKey& key, DeliveryState state, std::size_t room)
{
    Settlement settlement;
    settlement.key = key;
    settlement.state = state;
    settlement.attempt.emplace();
    settlement.attempt->at = noon;
    settlement.attempt->decision = name(state);
    ClaimPolicy policy;
    policy.room = room;
    return run(store().settle({settlement}, {}, noon + std::chrono::hours(1), policy));
}

Settled StoreTest::settle_again(const DeliveryKey& key, base::TimePoint due)
{
    Settlement settlement;
    settlement.key = key;
    settlement.due = due;
    settlement.attempt.emplace();
    settlement.attempt->http_status = 503;
    ClaimPolicy policy;
    policy.room = 100;
    return run(store().settle({settlement}, {}, noon + std::chrono::hours(1), policy));
}

DeliverySummary StoreTest::delivery(const DeliveryKey& key)
{
    return run(store().delivery(key)).value().summary;
}

void StoreTest::expect_right_counts()
{
    Totals totals = run(store().totals());
    // In the database what is in flight is pending.
    if (const auto in_flight = totals.deliveries.extract(DeliveryState::in_flight))
        totals.deliveries[DeliveryState::pending] += in_flight.mapped();
    std::map<std::string, std::map<task::Status, std::uint64_t>> tasks;
    std::map<DeliveryState, std::uint64_t> deliveries;
    SQLite::Database database(file().string(), SQLite::OPEN_READWRITE);
    SQLite::Statement by_status(
        database,
        "SELECT provider, status, count(*) FROM tasks"
        " WHERE provider <> '' AND (ended_at IS NULL OR status >= 4) GROUP BY provider, status"
    );
    while (by_status.executeStep())
        tasks[by_status.getColumn(0).getString()]
             [static_cast<task::Status>(by_status.getColumn(1).getInt())] =
                 static_cast<std::uint64_t>(by_status.getColumn(2).getInt64());
    SQLite::Statement by_state(database, "SELECT state, count(*) FROM deliveries GROUP BY state");
    while (by_state.executeStep())
        deliveries[static_cast<DeliveryState>(by_state.getColumn(0).getInt())] =
            static_cast<std::uint64_t>(by_state.getColumn(1).getInt64());
    EXPECT_EQ(totals.tasks, tasks);
    EXPECT_EQ(totals.deliveries, deliveries);
    EXPECT_EQ(
        totals.events,
        static_cast<std::uint64_t>(database.execAndGet("SELECT count(*) FROM events").getInt64())
    );
}

}  // namespace pollhook::store
