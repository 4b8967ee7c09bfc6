#include "pollhook/store/invariants.hpp"

#include "attempt_record.hpp"
#include "database.hpp"
#include "pollhook/store/sqlite_store.hpp"
#include "pollhook/task/announcement.hpp"
#include "pollhook/task/detect.hpp"
#include "schema.hpp"
#include "statement.hpp"

#include <SQLiteCpp/Transaction.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>
#include <utility>

namespace pollhook::store {
namespace {

/// Tasks that are read in one transaction: some milliseconds.
constexpr int tasks_in_page = 500;

/// Rows that belong to nothing are found by range: whatever lies between two tasks of a page is in it.
constexpr std::array<const char*, 4> child_tables{"transitions", "events", "deliveries", "attempts"};

constexpr bool is_status(std::int64_t number)
{
    return number >= 0 && number <= static_cast<std::int64_t>(task::Status::expired);
}

constexpr bool is_event_type(std::int64_t number)
{
    return number >= 0 && number < static_cast<std::int64_t>(task::event_type_count);
}

/// Whether the relay's word tells the end that was recorded. Some relays give a task up under a word that is
/// no end; then it has failed.
bool tells(std::string_view word, task::EventType type)
{
    const task::Status told = task::from_upstream(word);
    switch (type) {
        case task::EventType::succeeded: return told == task::Status::succeeded;
        case task::EventType::cancelled: return told == task::Status::cancelled;
        case task::EventType::failed: return told == task::Status::failed || !task::is_terminal(told);
        default: return true;
    }
}

/// Where a row belongs; what is found is reported with it.
struct Place {
    TaskRow task{};
    task::TaskKey key;
    std::optional<SinkId> sink;
    std::uint32_t sequence = 0;
};

class Findings {
public:
    explicit Findings(const InvariantListener& listener) : listener_(listener) {}

    void add(const Violation& violation)
    {
        ++check.violations;
        listener_.found(violation);
    }
    void add(const char* invariant, const Place& place, std::string what)
    {
        Violation violation;
        violation.invariant = invariant;
        violation.what = std::move(what);
        violation.task = place.task;
        violation.key = place.key;
        violation.sink = place.sink;
        violation.sequence = place.sequence;
        add(violation);
    }
    /// `good` is what the invariant asks for.
    void expect(bool good, const char* invariant, const Place& place, std::string_view what)
    {
        if (!good)
            add(invariant, place, std::string(what));
    }
    void whole_file(std::string what)
    {
        Violation violation;
        violation.invariant = "I0";
        violation.what = std::move(what);
        add(violation);
    }
    void show_progress(std::uint64_t all) const
    {
        if (listener_.progress)
            listener_.progress(check.tasks, all);
    }

    InvariantCheck check;

private:
    const InvariantListener& listener_;
};

/// A task on the way through its steps.
struct Reached {
    Place place;
    // As its row has it.
    std::int64_t status = 0, progress = 0, peak_rank = 0, sequence = 0;
    bool has_end = false;
    // As the steps tell it; what the next one must agree with.
    task::Known known;
    bool ended = false;
    bool readable = true;  ///< false: a number in it means nothing, so what follows cannot be judged
};

/// I1, I2, I3, I5, I8, I9: what happened to each task, step by step.
class Histories {
public:
    Histories(SQLite::Database& database, Findings& findings)
        : findings_(findings),
          rows_(
              database,
              "SELECT t.id, t.provider, t.task_id, t.status, t.progress, t.peak_rank, t.sequence, t.ended_at,"
              " r.sequence, r.type, r.from_status, r.to_status, r.from_progress, r.to_progress,"
              " r.upstream_status, r.at, e.event_id, e.type, e.at, substr(e.body, 1, 100), length(e.body),"
              " e.upstream_at"
              " FROM tasks t LEFT JOIN transitions r ON r.task = t.id"
              " LEFT JOIN events e ON e.task = r.task AND e.sequence = r.sequence"
              " WHERE t.id > ? AND t.id <= ? AND t.provider <> '' ORDER BY t.id, r.sequence"
          ),
          strays_(
              database,
              "SELECT e.task, t.provider, t.task_id, e.sequence FROM events e JOIN tasks t ON t.id = e.task"
              " WHERE e.task > ? AND e.task <= ? AND t.provider <> '' AND NOT EXISTS"
              " (SELECT 1 FROM transitions r WHERE r.task = e.task AND r.sequence = e.sequence)"
          ),
          own_(
              database,
              "SELECT e.task, t.task_id, t.sequence, e.sequence, e.type, e.at, e.event_id,"
              " substr(e.body, 1, 100) FROM events e JOIN tasks t ON t.id = e.task"
              " WHERE e.task > ? AND e.task <= ? AND t.provider = ''"
          )
    {
    }

    void check(TaskRow after, TaskRow last)
    {
        std::optional<Reached> reached;
        Run row(rows_, after, last);
        while (row.next()) {
            if (!reached || reached->place.task != row.as<TaskRow>(0)) {
                finish(reached);
                reached = begin(row);
            }
            if (reached->readable && !row.is_null(8))
                step(*reached, row);
        }
        finish(reached);
        check_strays(after, last);
        check_own(after, last);
    }

private:
    static Reached begin(const Run& row)
    {
        Reached reached;
        reached.place.task = row.as<TaskRow>(0);
        reached.place.key = {row.text(1), row.text(2)};
        reached.status = row.integer(3);
        reached.progress = row.integer(4);
        reached.peak_rank = row.integer(5);
        reached.sequence = row.integer(6);
        reached.has_end = !row.is_null(7);
        return reached;
    }

    void step(Reached& reached, const Run& row)
    {
        ++findings_.check.transitions;
        Place& place = reached.place;
        place.sequence = row.as<std::uint32_t>(8);
        if (!is_event_type(row.integer(9)) || !is_status(row.integer(10)) || !is_status(row.integer(11))) {
            findings_.add("I3", place, "a type or status that does not exist");
            reached.readable = false;
            return;
        }
        task::Transition step;
        step.sequence = place.sequence;
        step.type = row.as<task::EventType>(9);
        step.from = row.as<task::Status>(10);
        step.to = row.as<task::Status>(11);
        step.from_progress = row.as<std::int8_t>(12);
        step.to_progress = row.as<std::int8_t>(13);
        step.at = row.time(15);
        follow(reached, step);
        findings_.expect(tells(row.view(14), step.type), "I9", place, "not what the relay said");
        check_event(place, step, row);
        reached.ended = reached.ended || task::is_terminal(step.to);
        reached.known = task::apply(reached.known, step, row.view(14));
    }

    void follow(const Reached& reached, const task::Transition& step)
    {
        const Place& place = reached.place;
        const task::Known& known = reached.known;
        findings_.expect(step.sequence == known.sequence + 1, "I2", place, "a gap before this step");
        const bool ranked = step.to != task::Status::unknown;
        findings_.expect(
            !ranked || task::rank(step.to) >= known.peak_rank, "I3", place, "the status fell back"
        );
        findings_.expect(
            step.to_progress >= step.from_progress && step.to_progress <= 100,
            "I3",
            place,
            "the progress fell, or is above 100"
        );
        findings_.expect(
            step.from == known.status && step.from_progress == known.progress,
            "I3",
            place,
            "it does not begin where the step before ended"
        );
        if (reached.ended)
            findings_.expect(
                step.type == task::EventType::updated && step.to == known.status,
                "I3",
                place,
                "something else than task.updated after the end"
            );
    }

    void check_event(const Place& place, const task::Transition& step, const Run& row)
    {
        if (row.is_null(16)) {
            findings_.add("I1", place, "a step without its event");
            return;
        }
        findings_.expect(
            row.view(16) == task::event_id(place.key, step), "I5", place, "not the id that the step gives"
        );
        findings_.expect(
            row.as<task::EventType>(17) == step.type && row.time(18) == step.at,
            "I5",
            place,
            "the event has another type or time than the step"
        );
        check_body(place, step.type, step.at, row.view(19));
        findings_.expect(
            row.integer(21) > 0 && row.integer(21) <= row.integer(20) - 2,
            "I5",
            place,
            "the relay's object lies outside of the body"
        );
    }

    void check_body(const Place& place, task::EventType type, base::TimePoint at, std::string_view head)
    {
        const std::string begin = fmt::format(
            R"({{"type":"{}","timestamp":"{}","data":{{)", task::name(type), base::format_rfc3339(at)
        );
        findings_.expect(head.starts_with(begin), "I5", place, "the body is that of another event");
    }

    void finish(const std::optional<Reached>& reached)
    {
        if (!reached || !reached->readable)
            return;
        Place place = reached->place;
        place.sequence = 0;
        const task::Known& known = reached->known;
        findings_.expect(
            reached->sequence == known.sequence,
            "I2",
            place,
            fmt::format(
                "the task counts {} steps, the last one there is {}", reached->sequence, known.sequence
            )
        );
        findings_.expect(
            reached->status == static_cast<std::int64_t>(known.status) &&
                reached->progress == known.progress && reached->peak_rank == known.peak_rank,
            "I3",
            place,
            "the task is elsewhere than its last step"
        );
        findings_.expect(
            !reached->ended || reached->has_end, "I3", place, "it ended, and has no time of that"
        );
    }

    void check_strays(TaskRow after, TaskRow last)
    {
        Run row(strays_, after, last);
        while (row.next()) {
            Place place;
            place.task = row.as<TaskRow>(0);
            place.key = {row.text(1), row.text(2)};
            place.sequence = row.as<std::uint32_t>(3);
            findings_.add("I8", place, "an event without its step");
        }
    }

    void check_own(TaskRow after, TaskRow last)
    {
        Run row(own_, after, last);
        while (row.next()) {
            Place place;
            place.task = row.as<TaskRow>(0);
            place.key.id = row.text(1);
            place.sequence = row.as<std::uint32_t>(3);
            findings_.expect(
                row.integer(3) <= row.integer(2), "I2", place, "the subject counts fewer events"
            );
            if (!is_event_type(row.integer(4))) {
                findings_.add("I3", place, "a type that does not exist");
                continue;
            }
            task::Announcement announcement;
            announcement.type = row.as<task::EventType>(4);
            announcement.subject = place.key.id;
            announcement.at = row.time(5);
            findings_.expect(
                row.view(6) == task::event_id(announcement, place.sequence),
                "I5",
                place,
                "not the id that the event gives"
            );
            check_body(place, announcement.type, announcement.at, row.view(7));
        }
    }

    Findings& findings_;
    Statement rows_;
    Statement strays_;
    Statement own_;
};

/// I4, I6, I8: what goes to each destination, in its order.
class Outboxes {
public:
    Outboxes(SQLite::Database& database, Findings& findings)
        : findings_(findings),
          rows_(
              database,
              "SELECT d.task, t.provider, t.task_id, d.sink, d.sequence, d.type, d.state, d.due, d.attempts,"
              " d.attempts_before, d.ended_at, d.reason, d.last_attempt, e.type, a.http_status, "
              "a.error_class,"
              " d.sink = 0 OR EXISTS (SELECT 1 FROM sinks WHERE id = d.sink),"
              " EXISTS (SELECT 1 FROM origins WHERE id = d.origin)"
              " FROM deliveries d LEFT JOIN tasks t ON t.id = d.task"
              " LEFT JOIN events e ON e.id = d.event AND e.task = d.task AND e.sequence = d.sequence"
              " LEFT JOIN attempts a ON a.task = d.task AND a.sink = d.sink AND a.sequence = d.sequence"
              "  AND a.number = d.attempts"
              " WHERE d.task > ? AND d.task <= ? ORDER BY d.task, d.sink, d.sequence"
          )
    {
    }

    void check(TaskRow after, TaskRow last)
    {
        lane_ = {};
        Run row(rows_, after, last);
        while (row.next()) {
            ++findings_.check.deliveries;
            Place place;
            place.task = row.as<TaskRow>(0);
            place.key = {row.text(1), row.text(2)};
            place.sink = row.as<SinkId>(3);
            place.sequence = row.as<std::uint32_t>(4);
            if (lane_.place.task != place.task || lane_.place.sink != place.sink) {
                leave_lane();
                lane_ = {};
            }
            lane_.place = place;
            delivery(row);
        }
        leave_lane();
    }

private:
    struct Lane {
        Place place;  ///< of the last one that was seen
        bool has_open = false;
        bool last_superseded = false;
    };

    void delivery(const Run& row)
    {
        const Place& place = lane_.place;
        findings_.expect(
            row.integer(16) != 0 && row.integer(17) != 0, "I0", place, "to no known destination"
        );
        if (row.is_null(13))
            findings_.add("I8", place, "a delivery without its event");
        else
            findings_.expect(row.integer(13) == row.integer(5), "I5", place, "its event has another type");
        findings_.expect(row.integer(9) <= row.integer(8), "I6", place, "more attempts before than in all");
        lane_.last_superseded = false;
        switch (row.integer(6)) {
            case static_cast<int>(DeliveryState::pending): open(row); break;
            case static_cast<int>(DeliveryState::delivered): delivered(row); break;
            case static_cast<int>(DeliveryState::superseded): superseded(row); break;
            case static_cast<int>(DeliveryState::dead):
            case static_cast<int>(DeliveryState::cancelled): ended(row); break;
            default: findings_.add("I6", place, "a state that does not exist");
        }
    }

    /// Only the first open one of a lane is due; that is also so while it is in flight.
    void open(const Run& row)
    {
        const bool is_due = !row.is_null(7);
        const bool is_first = !std::exchange(lane_.has_open, true);
        findings_.expect(is_due || !is_first, "I6", lane_.place, "it waits for nothing and is never due");
        findings_.expect(!is_due || is_first, "I4", lane_.place, "it is due while an earlier one is open");
        findings_.expect(row.is_null(10), "I6", lane_.place, "it is open and has ended");
    }

    void delivered(const Run& row)
    {
        ended(row);
        std::optional<Attempt> attempt = unpack(row.view(12));
        if (!attempt && !row.is_null(14)) {
            attempt.emplace();
            attempt->http_status = row.as<int>(14);
            attempt->error_class = row.text(15);
        }
        if (!attempt || row.integer(8) == 0) {
            findings_.add("I6", lane_.place, "delivered without an attempt");
            return;
        }
        // Files and streams have no status.
        const bool has_none = attempt->http_status == 0 && lane_.place.sink != task_webhook;
        const bool is_success = attempt->http_status >= 200 && attempt->http_status < 300;
        findings_.expect(
            attempt->error_class.empty() && (has_none || is_success),
            "I6",
            lane_.place,
            fmt::format("delivered, but the answer was {}", attempt->http_status)
        );
    }

    void superseded(const Run& row)
    {
        ended(row);
        lane_.last_superseded = true;
        findings_.expect(
            !is_event_type(row.integer(5)) || !task::is_terminal(row.as<task::EventType>(5)),
            "I4",
            lane_.place,
            "the last word was superseded"
        );
    }

    void ended(const Run& row)
    {
        const bool has_reason =
            row.integer(6) == static_cast<int>(DeliveryState::delivered) || !row.view(11).empty();
        findings_.expect(has_reason, "I6", lane_.place, "it ended without a reason");
        findings_.expect(!row.is_null(10), "I6", lane_.place, "it has ended, and has no time of that");
        findings_.expect(row.is_null(7), "I6", lane_.place, "it has ended and is due");
    }

    void leave_lane()
    {
        if (lane_.last_superseded)
            findings_.add("I4", lane_.place, "superseded, and nothing newer is there");
    }

    Findings& findings_;
    Statement rows_;
    Lane lane_;
};

SQLite::Database open_to_check(const std::filesystem::path& file)
{
    SQLite::Database database = open_to_look(file);
    check_version(database, schema_steps());
    const int version = database.execAndGet("PRAGMA user_version").getInt();
    if (version != static_cast<int>(schema_steps().size()))
        throw StartError(
            Errc::conflict,
            fmt::format(
                "{} has schema version {}; the daemon brings it to {} when it starts",
                file.string(),
                version,
                schema_steps().size()
            )
        );
    return database;
}

/// I0, table by table, so that none of the transactions becomes longer than it has to be.
void check_pages(SQLite::Database& database, Findings& findings)
{
    std::vector<std::string> tables;
    {
        Statement names(database, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
        Run row(names);
        while (row.next())
            tables.push_back(row.text(0));
    }
    for (const std::string& table : tables) {
        Statement check(database, fmt::format("PRAGMA quick_check(\"{}\")", table));
        Run row(check);
        while (row.next())
            if (row.view(0) != "ok")
                findings.whole_file(fmt::format("{}: {}", table, row.view(0)));
    }
}

class Orphans {
public:
    Orphans(SQLite::Database& database, Findings& findings) : findings_(findings)
    {
        for (const char* table : child_tables)
            rows_.emplace_back(
                database,
                fmt::format(
                    "SELECT task, sequence FROM {} WHERE task > ? AND task <= ?"
                    " AND NOT EXISTS (SELECT 1 FROM tasks WHERE id = {}.task)",
                    table,
                    table
                )
            );
    }

    void check(TaskRow after, TaskRow last)
    {
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            Run row(rows_[i], after, last);
            while (row.next()) {
                Place place;
                place.task = row.as<TaskRow>(0);
                place.sequence = row.as<std::uint32_t>(1);
                findings_.add("I0", place, fmt::format("a row of {} belongs to no task", child_tables.at(i)));
            }
        }
    }

private:
    Findings& findings_;
    std::vector<Statement> rows_;
};

void check_tasks(SQLite::Database& database, Findings& findings)
{
    constexpr TaskRow end{std::numeric_limits<std::int64_t>::max()};
    Orphans orphans(database, findings);
    Histories histories(database, findings);
    Outboxes outboxes(database, findings);
    Statement page(database, "SELECT id FROM tasks WHERE id > ? ORDER BY id LIMIT ?");
    const auto all = static_cast<std::uint64_t>(database.execAndGet("SELECT count(*) FROM tasks").getInt64());
    TaskRow after{std::numeric_limits<std::int64_t>::min()};
    while (after != end) {
        const SQLite::Transaction transaction(database, SQLite::TransactionBehavior::DEFERRED);
        TaskRow last = end;
        int found = 0;
        for (Run row(page, after, tasks_in_page); row.next(); ++found)
            last = row.as<TaskRow>(0);
        if (found < tasks_in_page)
            last = end;
        orphans.check(after, last);
        histories.check(after, last);
        outboxes.check(after, last);
        findings.check.tasks += static_cast<std::uint64_t>(found);
        findings.show_progress(all);
        after = last;
    }
}

}  // namespace

InvariantCheck check_invariants(const std::filesystem::path& file, const InvariantListener& listener)
{
    Findings findings(listener);
    try {
        SQLite::Database database = open_to_check(file);
        try {
            check_pages(database, findings);
            check_tasks(database, findings);
        } catch (const SQLite::Exception& failure) {
            if (meaning_of(failure) != Errc::corrupt)
                throw;
            findings.whole_file(failure.what());
        }
    } catch (const SQLite::Exception& failure) {
        throw StartError(
            meaning_of(failure), fmt::format("cannot read {}: {}", file.string(), failure.what())
        );
    }
    return findings.check;
}

}  // namespace pollhook::store
