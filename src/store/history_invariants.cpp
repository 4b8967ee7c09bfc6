#include "history_invariants.hpp"

#include "pollhook/task/announcement.hpp"

#include <fmt/format.h>

#include <string>

namespace pollhook::store {
namespace {

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

}  // namespace

HistoryInvariants::HistoryInvariants(SQLite::Database& database, Findings& findings)
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

void HistoryInvariants::check(TaskRow after, TaskRow last)
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

Reached HistoryInvariants::begin(const Run& row)
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

void HistoryInvariants::step(Reached& reached, const Run& row)
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

void HistoryInvariants::follow(const Reached& reached, const task::Transition& step)
{
    const Place& place = reached.place;
    const task::Known& known = reached.known;
    findings_.expect(step.sequence == known.sequence + 1, "I2", place, "a gap before this step");
    const bool ranked = step.to != task::Status::unknown;
    findings_.expect(!ranked || task::rank(step.to) >= known.peak_rank, "I3", place, "the status fell back");
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

void HistoryInvariants::check_event(const Place& place, const task::Transition& step, const Run& row)
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

void HistoryInvariants::check_body(
    const Place& place, task::EventType type, base::TimePoint at, std::string_view head
)
{
    const std::string begin = fmt::format(
        R"({{"type":"{}","timestamp":"{}","data":{{)", task::name(type), base::format_rfc3339(at)
    );
    findings_.expect(head.starts_with(begin), "I5", place, "the body is that of another event");
}

void HistoryInvariants::finish(const std::optional<Reached>& reached)
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
        fmt::format("the task counts {} steps, the last one there is {}", reached->sequence, known.sequence)
    );
    findings_.expect(
        reached->status == static_cast<std::int64_t>(known.status) && reached->progress == known.progress &&
            reached->peak_rank == known.peak_rank,
        "I3",
        place,
        "the task is elsewhere than its last step"
    );
    findings_.expect(!reached->ended || reached->has_end, "I3", place, "it ended, and has no time of that");
}

void HistoryInvariants::check_strays(TaskRow after, TaskRow last)
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

void HistoryInvariants::check_own(TaskRow after, TaskRow last)
{
    Run row(own_, after, last);
    while (row.next()) {
        Place place;
        place.task = row.as<TaskRow>(0);
        place.key.id = row.text(1);
        place.sequence = row.as<std::uint32_t>(3);
        findings_.expect(row.integer(3) <= row.integer(2), "I2", place, "the subject counts fewer events");
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

}  // namespace pollhook::store
