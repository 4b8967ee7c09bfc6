#include "pollhook/poll/scheduler.hpp"

#include <algorithm>
#include <cassert>
#include <limits>

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
    plan(slot, now, Duration(0));
    return true;
}

void Scheduler::remove(Slot slot)
{
    const auto number = static_cast<std::uint32_t>(slot);
    Watch& gone = watch(slot);
    index_.erase(number);
    settling_.erase(number);
    move(gone, Place::nowhere);
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
    if (ready_count_ < limit && now < company_until_)
        return batch;
    while (batch.size() < limit && first_ready() != nullptr) {
        batch.push_back(pop(ready_));
        fly(batch.back());
    }
    if (batch.empty() || batch.size() == limit)
        return batch;
    company_until_ = now + pace_.poll_interval;
    // A request is on its way anyway: tasks that would cause the next one ride along.
    while (batch.size() < limit) {
        const Entry* next = first_waiting();
        if (next == nullptr || !may_ride_along(watches_[next->slot], now))
            break;
        batch.push_back(pop(waiting_));
        fly(batch.back());
    }
    return batch;
}

bool Scheduler::take(Slot slot)
{
    if (watch(slot).place == Place::flying)
        return false;
    fly(slot);
    return true;
}

std::optional<SteadyPoint> Scheduler::next_due(std::size_t limit)
{
    if (ready_count_ >= limit)
        return SteadyPoint(Duration(0));
    std::optional<SteadyPoint> next;
    if (ready_count_ > 0)
        next = company_until_;
    // One more that is due may fill the batch.
    if (const Entry* waiting = first_waiting())
        next = std::min(next.value_or(SteadyPoint::max()), SteadyPoint(Duration(waiting->key)));
    return next;
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
    learn_duration(task, known.status, now);
    const bool only_stalled = known.stalled_announced && !task.known.stalled_announced;
    // The time that a person took (MODAL) is none of the task's own age.
    if (task.known.status == task::Status::waiting && known.status != task::Status::waiting)
        task.registered_at += now - task.changed_at;
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
    plan(slot, now, first);
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
    plan(slot, now, pace_.poll_interval);
}

void Scheduler::finished(Slot slot, task::Status status, SteadyPoint now)
{
    learn_duration(watch(slot), status, now);
    remove(slot);
}

void Scheduler::set_pace(Pace pace)
{
    if (pace_ == pace)
        return;
    if (company_until_ != SteadyPoint::min())
        company_until_ += pace.poll_interval - pace_.poll_interval;
    pace_ = pace;
    const Duration longest = std::max(pace_.max_poll_interval, pace_.poll_interval);
    for (std::uint32_t number = 0; number < watches_.size(); ++number) {
        Watch& task = watches_[number];
        task.interval_ms = static_cast<std::uint32_t>(
            std::clamp(Duration(task.interval_ms), pace_.poll_interval, longest).count()
        );
        // A look that was never made is due at once, and stays so.
        if (task.place != Place::waiting || task.pause_ms == 0)
            continue;
        const SteadyPoint last_look = task.due - Duration(task.pause_ms);
        const Duration pause = std::clamp(Duration(task.pause_ms), pace_.poll_interval, longest);
        task.due = last_look + pause;
        task.pause_ms = static_cast<std::uint32_t>(pause.count());
    }
    rebuild_heaps();
}

void Scheduler::rebuild_heaps()
{
    waiting_.clear();
    ready_.clear();
    for (std::uint32_t number = 0; number < watches_.size(); ++number) {
        const Watch& task = watches_[number];
        if (task.place == Place::waiting)
            waiting_.push_back({.key = milliseconds_of(task.due), .slot = number});
        else if (task.place == Place::ready)
            ready_.push_back({.key = ready_key(task), .slot = number});
    }
    std::ranges::make_heap(waiting_, std::greater<>());
    std::ranges::make_heap(ready_, std::greater<>());
}

void Scheduler::skip_time(SteadyPoint since, SteadyPoint now)
{
    const auto later = [&](SteadyPoint& point) { point = point <= since ? point + (now - since) : now; };
    for (Watch& task : watches_) {
        if (task.place == Place::nowhere)
            continue;
        later(task.registered_at);
        later(task.changed_at);
        if (task.misses > 0)
            later(task.missed_since);
    }
    for (auto& [slot, settling] : settling_)
        settling.until = std::max(settling.until, since) + (now - since);
}

std::vector<Slot> Scheduler::over_age(SteadyPoint now, std::size_t limit) const
{
    std::vector<Slot> found;
    for (std::uint32_t number = 0; number < watches_.size() && found.size() < limit; ++number) {
        const Watch& task = watches_[number];
        if (task.place != Place::nowhere && task.place != Place::flying &&
            judge_age(task, now) == Verdict::expired)
            found.push_back(Slot{number});
    }
    return found;
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
    assert(watch.place == Place::flying);
    move(watch, Place::nowhere);
}

void Scheduler::learn_duration(const Watch& watch, task::Status status, SteadyPoint now)
{
    // A task that had ended before its first look tells nothing.
    if (status != task::Status::succeeded || is_terminal(watch.known.status) || watch.pause_ms == 0)
        return;
    const double duration_ms = static_cast<double>((now - watch.registered_at).count());
    constexpr double weight = 0.1;
    usual_duration_ms_ += usual_duration_ms_ == 0 ? duration_ms : weight * (duration_ms - usual_duration_ms_);
}

void Scheduler::fly(Slot slot)
{
    move(watch(slot), Place::flying);
}

void Scheduler::move(Watch& watch, Place place)
{
    const auto count = [&](Place counted) {
        return std::size_t{place == counted} - std::size_t{watch.place == counted};
    };
    in_flight_ += count(Place::flying);
    ready_count_ += count(Place::ready);
    watch.place = place;
}

void Scheduler::plan(Slot slot, SteadyPoint now, Duration pause)
{
    Watch& task = watch(slot);
    task.due = now + pause;
    task.pause_ms = static_cast<std::uint32_t>(pause.count());
    move(task, Place::waiting);
    waiting_.push_back({.key = milliseconds_of(task.due), .slot = static_cast<std::uint32_t>(slot)});
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
    plan(slot, now, interval);
}

Verdict Scheduler::judge_age(const Watch& watch, SteadyPoint now) const
{
    if (is_terminal(watch.known.status))
        return Verdict::none;
    // The time that a person takes counts from when they were asked (MODAL).
    const SteadyPoint since =
        watch.known.status == task::Status::waiting ? watch.changed_at : watch.registered_at;
    return now - since >= pace_.max_age ? Verdict::expired : Verdict::none;
}

bool Scheduler::may_ride_along(const Watch& watch, SteadyPoint now) const
{
    const SteadyPoint last_look = watch.due - Duration(watch.pause_ms);
    return now >= last_look + pace_.poll_interval;
}

void Scheduler::promote_due(SteadyPoint now)
{
    while (const Entry* next = first_waiting()) {
        if (next->key > milliseconds_of(now))
            return;
        const Slot slot = pop(waiting_);
        Watch& task = watch(slot);
        move(task, Place::ready);
        ready_.push_back({.key = ready_key(task), .slot = static_cast<std::uint32_t>(slot)});
        std::ranges::push_heap(ready_, std::greater<>());
    }
}

const Scheduler::Entry* Scheduler::top(std::vector<Entry>& heap, Place place)
{
    while (!heap.empty()) {
        const Entry& first = heap.front();
        const Watch& task = watches_[first.slot];
        const std::int64_t key = place == Place::ready ? ready_key(task) : milliseconds_of(task.due);
        if (task.place == place && first.key == key)
            return &first;
        pop(heap);
    }
    return nullptr;
}

std::int64_t Scheduler::ready_key(const Watch& watch)
{
    return milliseconds_of(watch.due) + watch.interval_ms;
}

Slot Scheduler::pop(std::vector<Entry>& heap)
{
    std::ranges::pop_heap(heap, std::greater<>());
    const Slot slot{heap.back().slot};
    heap.pop_back();
    return slot;
}

}  // namespace pollhook::poll
