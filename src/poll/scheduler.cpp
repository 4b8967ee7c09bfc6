#include "pollhook/poll/scheduler.hpp"

#include <algorithm>
#include <cassert>

namespace pollhook::poll {
namespace {

using base::Duration;
using base::SteadyPoint;

std::int64_t milliseconds_of(SteadyPoint point)
{
    return point.time_since_epoch().count();
}

}  // namespace

bool Scheduler::add(const store::WatchedTask& task, SteadyPoint now, base::TimePoint wall_now)
{
    if (find(task.id))
        return false;
    std::uint32_t number = 0;
    if (free_.empty()) {
        number = static_cast<std::uint32_t>(watches_.size());
        watches_.emplace_back();
    } else {
        number = free_.back();
        free_.pop_back();
    }
    const Slot slot{number};
    Watch& added = watch(slot);
    // A wall clock that was set back meanwhile must not make a task younger than new.
    const auto ago = [&](base::TimePoint then) { return now - std::max(Duration(0), wall_now - then); };
    added = Watch{
        .id = task.id,
        .row = task.row,
        .due = {},
        .registered_at = ago(task.registered_at),
        .changed_at = ago(task.changed_at),
        .missed_since = {},
        .known = task.known,
        .interval_ms = static_cast<std::uint32_t>(pace_.poll_interval.count()),
    };
    index_.insert(number);
    if (task.settle_until) {
        const Duration left = std::max(Duration(0), *task.settle_until - wall_now);
        settling_[number] = {.until = now + left, .result_digest = task.result_digest, .contradicted = false};
    }
    plan(slot, now);
    return true;
}

void Scheduler::remove(Slot slot)
{
    const auto number = static_cast<std::uint32_t>(slot);
    Watch& gone = watch(slot);
    index_.erase(number);
    settling_.erase(number);
    if (gone.flying)
        --in_flight_;
    gone = Watch{};
    free_.push_back(number);
}

std::optional<Slot> Scheduler::find(std::string_view id) const
{
    const auto found = index_.find(id);
    if (found == index_.end())
        return std::nullopt;
    return Slot{*found};
}

std::vector<Slot> Scheduler::take(SteadyPoint now, std::size_t limit)
{
    promote_due(now);
    std::vector<Slot> batch;
    while (batch.size() < limit && top(ready_, true) != nullptr) {
        batch.push_back(pop(ready_));
        fly(batch.back());
    }
    if (batch.empty())
        return batch;
    // A request is on its way anyway: tasks that would cause the next one soon ride along.
    while (batch.size() < limit) {
        const Entry* next = top(waiting_, false);
        if (next == nullptr || !is_nearly_due(watches_[next->slot], now))
            break;
        batch.push_back(pop(waiting_));
        fly(batch.back());
    }
    return batch;
}

bool Scheduler::take(Slot slot)
{
    if (watch(slot).flying)
        return false;
    fly(slot);
    return true;
}

std::optional<SteadyPoint> Scheduler::next_due()
{
    if (top(ready_, true) != nullptr)
        return SteadyPoint(Duration(0));
    const Entry* next = top(waiting_, false);
    if (next == nullptr)
        return std::nullopt;
    return SteadyPoint(Duration(next->key));
}

Verdict Scheduler::unchanged(Slot slot, SteadyPoint now)
{
    Watch& seen = watch(slot);
    land(seen);
    seen.misses = 0;
    plan_later(slot, now);
    const Verdict verdict = judge_age(seen, now);
    if (verdict != Verdict::none)
        return verdict;
    // A person is waited for (MODAL): that nothing changes is what is expected.
    const bool quiet = seen.known.stalled_announced || seen.known.status == task::Status::waiting ||
                       settling(slot) != nullptr;
    return !quiet && now - seen.changed_at >= pace_.stalled_after ? Verdict::stalled : Verdict::none;
}

void Scheduler::changed(Slot slot, const task::Known& known, SteadyPoint now)
{
    Watch& task = watch(slot);
    land(task);
    if (known.status == task::Status::succeeded && !is_terminal(task.known.status)) {
        const double duration_ms = static_cast<double>((now - task.registered_at).count());
        constexpr double weight = 0.1;
        usual_duration_ms_ +=
            usual_duration_ms_ == 0 ? duration_ms : weight * (duration_ms - usual_duration_ms_);
    }
    const bool only_stalled = known.stalled_announced && !task.known.stalled_announced;
    task.known = known;
    task.misses = 0;
    if (only_stalled) {
        plan_later(slot, now);
        return;
    }
    task.changed_at = now;
    const Duration first =
        known.status == task::Status::waiting ? pace_.max_poll_interval : pace_.poll_interval;
    task.interval_ms = static_cast<std::uint32_t>(first.count());
    plan(slot, now + first);
}

Verdict Scheduler::missing(Slot slot, SteadyPoint now)
{
    Watch& missed = watch(slot);
    land(missed);
    plan_later(slot, now);
    if (now - missed.registered_at < pace_.missing_grace || is_terminal(missed.known.status))
        return Verdict::none;
    if (missed.misses == 0)
        missed.missed_since = now;
    if (missed.misses < std::numeric_limits<std::uint16_t>::max())
        ++missed.misses;
    if (missed.misses >= pace_.lost_misses && now - missed.missed_since >= pace_.lost_time)
        return Verdict::lost;
    return judge_age(missed, now);
}

Verdict Scheduler::unanswered(Slot slot, SteadyPoint now)
{
    Watch& task = watch(slot);
    land(task);
    plan_later(slot, now);
    return judge_age(task, now);
}

void Scheduler::postponed(Slot slot, SteadyPoint now)
{
    land(watch(slot));
    plan(slot, now);
}

void Scheduler::settle(Slot slot, Settling settling)
{
    settling_[static_cast<std::uint32_t>(slot)] = settling;
}

const Scheduler::Settling* Scheduler::settling(Slot slot) const
{
    const auto found = settling_.find(static_cast<std::uint32_t>(slot));
    return found == settling_.end() ? nullptr : &found->second;
}

void Scheduler::land(Watch& watch)
{
    assert(watch.flying);
    watch.flying = false;
    --in_flight_;
}

void Scheduler::fly(Slot slot)
{
    Watch& task = watch(slot);
    task.queued = false;
    task.flying = true;
    ++in_flight_;
}

void Scheduler::plan(Slot slot, SteadyPoint due)
{
    Watch& task = watch(slot);
    task.due = due;
    task.queued = true;
    waiting_.push_back({.key = milliseconds_of(due), .slot = static_cast<std::uint32_t>(slot)});
    std::ranges::push_heap(waiting_, std::greater<>());
}

void Scheduler::plan_later(Slot slot, SteadyPoint now)
{
    Watch& task = watch(slot);
    const Duration grown = std::min(pace_.max_poll_interval, Duration(task.interval_ms) * 3 / 2);
    Duration interval = std::max(pace_.poll_interval, grown);
    // A look at the moment when such a task usually ends finds its end sooner than a grown interval would.
    const auto usual_end = task.registered_at + Duration(static_cast<std::int64_t>(usual_duration_ms_));
    if (usual_end > now && usual_end < now + interval)
        interval = std::max(pace_.poll_interval, usual_end - now);
    else
        task.interval_ms = static_cast<std::uint32_t>(interval.count());
    plan(slot, now + interval);
}

Verdict Scheduler::judge_age(Watch& watch, SteadyPoint now) const
{
    if (is_terminal(watch.known.status))
        return Verdict::none;
    // The time that a person takes counts from when they were asked (MODAL).
    const SteadyPoint since =
        watch.known.status == task::Status::waiting ? watch.changed_at : watch.registered_at;
    return now - since >= pace_.max_age ? Verdict::expired : Verdict::none;
}

bool Scheduler::is_nearly_due(const Watch& watch, SteadyPoint now) const
{
    const Duration interval(watch.interval_ms);
    const SteadyPoint last_look = watch.due - interval;
    return watch.due <= now + interval / 4 && now >= last_look + pace_.poll_interval;
}

void Scheduler::promote_due(SteadyPoint now)
{
    while (const Entry* next = top(waiting_, false)) {
        if (next->key > milliseconds_of(now))
            return;
        const Slot slot = pop(waiting_);
        const Watch& task = watch(slot);
        ready_.push_back(
            {.key = milliseconds_of(task.due) + task.interval_ms, .slot = static_cast<std::uint32_t>(slot)}
        );
        std::ranges::push_heap(ready_, std::greater<>());
    }
}

const Scheduler::Entry* Scheduler::top(std::vector<Entry>& heap, bool ready)
{
    while (!heap.empty()) {
        const Entry& first = heap.front();
        const Watch& task = watches_[first.slot];
        const std::int64_t expected = milliseconds_of(task.due) + (ready ? task.interval_ms : 0);
        if (task.queued && first.key == expected)
            return &first;
        pop(heap);
    }
    return nullptr;
}

Slot Scheduler::pop(std::vector<Entry>& heap)
{
    std::ranges::pop_heap(heap, std::greater<>());
    const Slot slot{heap.back().slot};
    heap.pop_back();
    return slot;
}

}  // namespace pollhook::poll
