#include "fuzz/input.hpp"
#include "fuzz/run.hpp"
#include "pollhook/store/invariants.hpp"
#include "pollhook/store/sqlite_store.hpp"
#include "pollhook/task/detect.hpp"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <SQLiteCpp/Statement.h>
#include <spdlog/spdlog.h>
#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// Damaged databases: a store either refuses them or works on; it never crashes, and no query throws.
//
// Input: a byte of flags (1: with a log, 2: the file is cut, 4: changed by SQL), then changes to the file:
// whether it is the log (one byte, odd), the place (three bytes), the size (one byte) and the bytes. By SQL:
// a column (two bytes), a row (one byte) and a number (four bytes), so that pages are sound and hold what no
// daemon has written.

namespace pollhook::fuzz {
namespace {

using namespace store;

constexpr base::TimePoint noon = base::from_unix_ms(1'800'000'000'000);

std::string read(const std::filesystem::path& path)
{
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void write(const std::filesystem::path& path, const std::string& bytes)
{
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

/// A store on this loop, in a directory of its own.
class Stage {
public:
    Stage()
    {
        spdlog::set_level(spdlog::level::off);
        std::string name = (std::filesystem::temp_directory_path() / "pollhook-fuzz-XXXXXX").string();
        expect(::mkdtemp(name.data()) != nullptr, "there is a temporary directory");
        directory_ = name;
        make_images();
    }

    [[nodiscard]] std::filesystem::path file() const { return directory_ / "pollhook.db"; }
    [[nodiscard]] std::filesystem::path log() const { return directory_ / "pollhook.db-wal"; }

    void put(const std::string& file_bytes, const std::string& log_bytes) const
    {
        std::filesystem::remove(directory_ / "pollhook.db-shm");
        write(file(), file_bytes);
        if (log_bytes.empty())
            std::filesystem::remove(log());
        else
            write(log(), log_bytes);
    }

    std::unique_ptr<SqliteStore> open()
    {
        SqliteOptions options;
        options.directory = directory_;
        options.vfs = "unix";
        options.synchronous = Synchronous::normal;
        options.writer = loop.get_executor();
        options.reader = loop.get_executor();
        return std::make_unique<SqliteStore>(loop.get_executor(), std::move(options));
    }

    boost::asio::io_context loop{1};
    std::string whole;               ///< a database that was closed
    std::string before_log, of_log;  ///< one that was killed

private:
    void make_images();

    std::filesystem::path directory_;
};

std::optional<Change> change_of(
    TaskRow row, const std::string& id, task::Known& known, task::Status status, std::int8_t progress
)
{
    const std::string word = status == task::Status::succeeded ? "SUCCESS" : "IN_PROGRESS";
    const auto step = task::detect(known, status, progress, word, noon);
    if (!step)
        return std::nullopt;
    known = task::apply(known, *step, word);
    Change change;
    change.task = row;
    change.key = {.provider = "relay", .id = id};
    change.transition = *step;
    change.upstream_status = word;
    change.event = task::draft_event(change.key, *step, task::Snapshot());
    change.to_task_webhook = true;
    return change;
}

std::vector<Registered> add_tasks(boost::asio::io_context& loop, SqliteStore& store)
{
    std::vector<Registration> batch;
    for (const char* id : {"a", "b", "c"}) {
        Registration& one = batch.emplace_back();
        one.key = {.provider = "relay", .id = id};
        one.webhook_url = "https://hooks.example.com/in";
        one.webhook_origin = "https://hooks.example.com";
        one.metadata = R"({"order":"A-17"})";
    }
    auto added = run(loop, store.register_tasks(std::move(batch), noon));
    return added ? std::move(*added) : std::vector<Registered>();
}

/// Everything that a daemon asks of its store. Results may be errors; nothing may be thrown.
void use(boost::asio::io_context& loop, SqliteStore& store)
{
    ClaimPolicy policy;
    policy.room = 100;
    SinkOpening opening;
    opening.name = "ops";
    opening.host = "https://ops.example.com";
    std::vector<SinkOpening> openings{opening};
    const auto sinks = run(loop, store.open_sinks(std::move(openings)));
    (void)run(loop, store.watched("relay", TaskRow{}, 100));
    const auto added = add_tasks(loop, store);
    std::vector<Change> changes;
    for (const Registered& one : added) {
        task::Known known = one.task.known;
        if (known.status > task::Status::running || known.progress > 98 || known.progress < 0)
            continue;
        auto change = change_of(one.task.row, one.task.id, known, task::Status::running, 99);
        if (!change)
            continue;
        changes.push_back(std::move(*change));
        if (sinks && !sinks->empty()) {
            Addressee& to = changes.back().addressees.emplace_back();
            to.sink = sinks->front().id;
            to.origin = sinks->front().origin;
            to.latest = true;
        }
    }
    (void)run(loop, store.record(std::move(changes), policy));
    std::vector<ClaimRequest> requests;
    if (const auto backlog = run(loop, store.backlog()))
        for (const OriginBacklog& one : *backlog)
            requests.push_back({.origin = one.origin, .limit = 10});
    auto claimed = run(loop, store.claim(std::move(requests), noon + std::chrono::hours(1)));
    std::vector<Settlement> settlements;
    if (claimed) {
        int i = 0;
        for (const ClaimedDelivery& one : claimed->claimed) {
            Settlement& settlement = settlements.emplace_back();
            settlement.key = one.key;
            settlement.state = i % 3 == 0   ? DeliveryState::dead
                               : i % 3 == 1 ? DeliveryState::delivered
                                            : DeliveryState::pending;
            settlement.reason = "why";
            settlement.attempt.emplace();
            settlement.attempt->http_status = 204;
            ++i;
        }
    }
    Announcing announcing;
    announcing.announcement.type = task::EventType::sink_failing;
    announcing.announcement.subject = "sink/ops";
    announcing.announcement.at = noon;
    std::vector<Announcing> announcements{announcing};
    (void)run(loop, store.settle(std::move(settlements), std::move(announcements), noon, policy));
}

/// As the API does.
void show(const base::Result<std::optional<TaskDetail>>& task)
{
    if (!task || !*task)
        return;
    expect(!task::name((*task)->summary.status).empty(), "a name for every status");
    for (const TransitionRow& one : (*task)->transitions)
        expect(!task::name(one.type).empty() && !task::name(one.to).empty(), "a name for every step");
}

void ask(boost::asio::io_context& loop, SqliteStore& store)
{
    if (const auto page = run(loop, store.tasks(TaskQuery())))
        for (const TaskSummary& task : page->tasks)
            show(run(loop, store.task(task.key)));
    (void)run(loop, store.events(EventQuery()));
    const auto deliveries = run(loop, store.deliveries(DeliveryQuery()));
    if (deliveries)
        for (const DeliverySummary& one : deliveries->deliveries) {
            expect(!task::name(one.type).empty() && !name(one.state).empty(), "a name for everything");
            (void)run(loop, store.delivery(one.key));
        }
    (void)run(loop, store.sinks());
    (void)run(loop, store.totals());
    JobRequest request;
    request.kind = JobKind::retry;
    const auto job = run(loop, store.create_job(request, noon));
    if (job)
        (void)run(loop, store.advance_job(job->id, 10, noon, noon));
    (void)run(loop, store.jobs(10));
    (void)run(loop, store.last_event_body(TaskRow{1}));
    (void)run(loop, store.prune(noon + std::chrono::years(1), 100, noon + std::chrono::years(1)));
}

void Stage::make_images()
{
    auto store = open();
    const auto added = add_tasks(loop, *store);
    std::vector<Change> changes;
    for (const Registered& one : added) {
        task::Known known;
        changes.push_back(change_of(one.task.row, one.task.id, known, task::Status::running, 10).value());
        changes.push_back(change_of(one.task.row, one.task.id, known, task::Status::running, 50).value());
        if (one.task.id == "c")
            changes.push_back(
                change_of(one.task.row, one.task.id, known, task::Status::succeeded, 100).value()
            );
    }
    ClaimPolicy policy;
    policy.room = 100;
    (void)run(loop, store->record(std::move(changes), policy));
    before_log = read(file());
    of_log = read(log());
    run(loop, store->close());
    store.reset();
    whole = read(file());
}

void damage(Input& input, std::string& file, std::string& log)
{
    while (!input.empty()) {
        std::string& target = input.byte() % 2 == 1 && !log.empty() ? log : file;
        const std::size_t place = input.number(3) % target.size();
        const std::string_view bytes = input.text(input.byte());
        target.replace(
            place, std::min(bytes.size(), target.size() - place), bytes.substr(0, target.size() - place)
        );
    }
}

/// The columns of our tables that hold numbers.
const std::vector<std::pair<std::string, std::string>>& numbers(SQLite::Database& database)
{
    static const auto all = [&] {
        std::vector<std::pair<std::string, std::string>> found;
        SQLite::Statement rows(
            database,
            "SELECT t.name, c.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c"
            " WHERE t.type = 'table' AND c.type = 'INTEGER' AND t.name NOT LIKE 'sqlite_%'"
        );
        while (rows.executeStep())
            found.emplace_back(rows.getColumn(0).getString(), rows.getColumn(1).getString());
        return found;
    }();
    return all;
}

void change_values(Input& input, const std::filesystem::path& file)
{
    SQLite::Database database(file.string(), SQLite::OPEN_READWRITE);
    const auto& all = numbers(database);
    while (!input.empty()) {
        const auto& [table, column] = all[input.number(2) % all.size()];
        const bool has_id = table == "tasks" || table == "events";
        const int row = input.byte() % 6;
        const auto value = static_cast<std::int32_t>(input.number(4));
        std::string sql = "UPDATE OR IGNORE " + table + " SET " + column + " = ?";
        if (has_id && row < 4)
            sql += " WHERE id = " + std::to_string(row);
        try {
            SQLite::Statement change(database, sql);
            change.bind(1, value);
            change.exec();
        } catch (const SQLite::Exception&) {
            // The schema does not allow it.
        }
    }
}

}  // namespace
}  // namespace pollhook::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    using namespace pollhook;
    static fuzz::Stage stage;
    fuzz::Input input(bytes, size);
    const std::uint8_t flags = input.byte();
    std::string file = (flags & 1U) != 0 ? stage.before_log : stage.whole;
    std::string log = (flags & 1U) != 0 ? stage.of_log : std::string();
    if ((flags & 2U) != 0)
        file.resize(std::max<std::size_t>(1, input.number(3) % file.size()));
    const bool by_sql = (flags & 4U) != 0;
    if (!by_sql)
        fuzz::damage(input, file, log);
    stage.put(file, log);
    if (by_sql)
        fuzz::change_values(input, stage.file());
    try {
        const auto store = stage.open();
        fuzz::expect(
            !fuzz::is_sabotaged() || (file == stage.whole && !by_sql),
            "sabotaged: a damaged database was opened"
        );
        fuzz::use(stage.loop, *store);
        fuzz::ask(stage.loop, *store);
        fuzz::run(stage.loop, store->close());
    } catch (const store::StartError&) {
        return 0;
    }
    store::InvariantListener listener;
    listener.found = [](const store::Violation&) {};
    try {
        (void)store::check_invariants(stage.file(), listener);
    } catch (const store::StartError&) {
    }
    return 0;
}
