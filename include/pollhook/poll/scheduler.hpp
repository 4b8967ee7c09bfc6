#pragma once

#include "pollhook/base/time.hpp"
#include "pollhook/store/store.hpp"
#include "pollhook/task/detect.hpp"

#include <boost/unordered/unordered_flat_set.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace pollhook::poll {

/// How a provider's tasks are looked at: the settings of a `[[provider]]`.
struct Pace {
    base::Duration poll_interval = std::chrono::seconds(5);  ///< the least time between two looks at one task
    base::Duration max_poll_interval =
        std::chrono::seconds(60);  ///< what an unchanged task's interval grows to
    base::Duration missing_grace = std::chrono::minutes(2);
    unsigned lost_misses = 5;
    base::Duration lost_time = std::chrono::minutes(10);
    base::Duration stalled_after = std::chrono::minutes(15);
    base::Duration max_age = std::chrono::hours(6);

    bool operator==(const Pace&) const = default;
};

/// A watched task's place in the scheduler. It may be used again for another task once its own is removed.
enum class Slot : std::uint32_t {};

/// What a look's outcome means for a task beyond what the relay said.
enum class Verdict {
    none,
    stalled,  ///< nothing changed for stalled_after: announce it, once
    lost,     ///< missed often enough for long enough: ends the task
    expired,  ///< older than max_age: ends the task
};

/// Decides which tasks are looked at next. Pure: the caller brings the time.
///
/// A task is due poll_interval after a change, and less and less often while nothing changes, down to
/// max_poll_interval; when tasks of this provider usually take a certain time, a look is planned for that
/// moment. Between two batches that are not full lies a poll_interval, and what was not looked at for so long
/// rides along whether it is due or not: that costs no request and finds ends earlier. Due tasks are taken in
/// the order of the moment they were due plus their interval: new and lively tasks come before stuck ones,
/// which move up as they wait, so neither starves. Between take() and one of the
/// outcome calls a task is in flight and is not taken again.
///
/// Memory: about 150 bytes for each task (the ids of relays are 13 to 19 digits). All ages are counted in
/// steady time, so that a jump of the wall clock ends no task. One thread.
class Scheduler {
public:
    explicit Scheduler(Pace pace) : pace_(pace), index_(0, HashById{this}, EqualById{this}) {}
    Scheduler(const Scheduler&) = delete;
    Scheduler& operator=(const Scheduler&) = delete;

    /// Starts to watch; due at once. `wall_now` tells how old the task already is. False when its id is
    /// watched already.
    bool add(const store::WatchedTask& task, base::SteadyPoint now, base::TimePoint wall_now);
    void remove(Slot slot);

    [[nodiscard]] std::optional<Slot> find(std::string_view id) const;
    [[nodiscard]] std::size_t size() const noexcept { return index_.size(); }
    [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }
    [[nodiscard]] bool in_flight(Slot slot) const { return watch(slot).place == Place::flying; }

    /// Up to `limit` tasks that are due, the batch filled with others whose last look is poll_interval ago;
    /// empty when none is due, and while a batch that would not be full shall wait for company.
    [[nodiscard]] std::vector<Slot> take(base::SteadyPoint now, std::size_t limit);
    /// Takes one task out of its turn, when an answer tells of it that nobody asked for; false while it is in
    /// flight.
    bool take(Slot slot);
    /// When take(…, `limit`) will next give something; empty when every task is in flight or there is none.
    [[nodiscard]] std::optional<base::SteadyPoint> next_due(std::size_t limit);

    /// Another pace from now on: what is planned comes no later than it lets, and no look comes earlier than
    /// its poll_interval after the last one.
    void set_pace(Pace pace);
    /// Nothing was looked at from `since` to `now`, on purpose: no task became older in that time.
    void skip_time(base::SteadyPoint since, base::SteadyPoint now);

    /// Up to `limit` tasks that are older than max_age, not in flight and not settling. Goes through all
    /// tasks.
    [[nodiscard]] std::vector<Slot> over_age(base::SteadyPoint now, std::size_t limit) const;

    [[nodiscard]] const std::string& id(Slot slot) const { return watch(slot).id; }
    /// When its look is due; of one in flight, when that look was.
    [[nodiscard]] base::SteadyPoint due(Slot slot) const { return watch(slot).due; }
    [[nodiscard]] store::TaskRow row(Slot slot) const { return watch(slot).row; }
    [[nodiscard]] const task::Known& known(Slot slot) const { return watch(slot).known; }

    // Outcomes of a look. Each ends the flight and plans the next look.
    /// The relay showed the task, unchanged.
    Verdict unchanged(Slot slot, base::SteadyPoint now);
    /// A transition was recorded; `known` is what holds now.
    void changed(Slot slot, const task::Known& known, base::SteadyPoint now);
    /// The relay left the task out of its answer.
    Verdict missing(Slot slot, base::SteadyPoint now);
    /// The relay answered, but not about this task (a refused chunk, an unreadable item): its age alone
    /// counts.
    Verdict unanswered(Slot slot, base::SteadyPoint now);
    /// There was no answer: nothing is learnt, and the task is due again as soon as its pace allows.
    void postponed(Slot slot, base::SteadyPoint now);
    /// A transition was recorded that ended the task, and no result is still to come: it is watched no more.
    void finished(Slot slot, task::Status status, base::SteadyPoint now);

    // A terminal task whose result may still come is looked at until its settle time is over.
    struct Settling {
        base::SteadyPoint until{};
        std::uint64_t result_digest = 0;
        bool contradicted = false;  ///< a contradiction was noted already
    };
    void settle(Slot slot, Settling settling);
    [[nodiscard]] const Settling* settling(Slot slot) const;

private:
    enum class Place : std::uint8_t { nowhere, waiting, ready, flying };
    struct Watch {
        std::string id;
        store::TaskRow row{};
        base::SteadyPoint due{};
        base::SteadyPoint registered_at{};
        base::SteadyPoint changed_at{};
        base::SteadyPoint missed_since{};
        task::Known known;
        std::uint32_t interval_ms = 0;
        std::uint32_t pause_ms = 0;  // from the last look to `due`; 0 before the first look
        std::uint16_t misses = 0;
        Place place = Place::nowhere;
    };
    struct Entry {
        std::int64_t key = 0;  // milliseconds of the steady clock; the smallest comes first
        std::uint32_t slot = 0;
        /// Tasks that were registered together are asked for together: their rows share pages of the store.
        bool operator>(const Entry& other) const noexcept
        {
            return key != other.key ? key > other.key : slot > other.slot;
        }
    };
    struct HashById {
        using is_transparent = void;
        const Scheduler* owner;
        std::size_t operator()(std::string_view id) const noexcept
        {
            return std::hash<std::string_view>()(id);
        }
        std::size_t operator()(std::uint32_t slot) const noexcept
        {
            return (*this)(owner->watches_[slot].id);
        }
    };
    struct EqualById {
        using is_transparent = void;
        const Scheduler* owner;
        bool operator()(std::uint32_t a, std::uint32_t b) const noexcept { return a == b; }
        bool operator()(std::string_view id, std::uint32_t slot) const noexcept
        {
            return id == owner->watches_[slot].id;
        }
        bool operator()(std::uint32_t slot, std::string_view id) const noexcept
        {
            return id == owner->watches_[slot].id;
        }
    };

    Watch& watch(Slot slot) { return watches_[static_cast<std::uint32_t>(slot)]; }
    [[nodiscard]] const Watch& watch(Slot slot) const { return watches_[static_cast<std::uint32_t>(slot)]; }

    void land(Watch& watch);
    void learn_duration(const Watch& watch, task::Status status, base::SteadyPoint now);
    void plan(Slot slot, base::SteadyPoint now, base::Duration pause);
    void plan_later(Slot slot, base::SteadyPoint now);
    [[nodiscard]] Verdict judge_age(const Watch& watch, base::SteadyPoint now) const;
    [[nodiscard]] bool may_ride_along(const Watch& watch, base::SteadyPoint now) const;
    void promote_due(base::SteadyPoint now);
    void rebuild_heaps();
    void move(Watch& watch, Place place);
    /// The first entry of the heap that still stands for a task; stale ones are thrown away.
    const Entry* first_waiting() { return top(waiting_, Place::waiting); }
    const Entry* first_ready() { return top(ready_, Place::ready); }
    const Entry* top(std::vector<Entry>& heap, Place place);
    static std::int64_t ready_key(const Watch& watch);
    Slot pop(std::vector<Entry>& heap);
    void fly(Slot slot);

    Pace pace_;
    std::deque<Watch> watches_;
    std::vector<std::uint32_t> free_;
    boost::unordered_flat_set<std::uint32_t, HashById, EqualById> index_;
    std::vector<Entry> waiting_;  // heap by the moment a task is due
    std::vector<Entry> ready_;    // heap of due tasks by that moment plus their interval
    std::unordered_map<std::uint32_t, Settling> settling_;
    std::size_t in_flight_ = 0;
    std::size_t ready_count_ = 0;
    base::SteadyPoint company_until_ = base::SteadyPoint::min();  // no batch but a full one before this
    double usual_duration_ms_ = 0;  // of this provider's finished tasks, a moving average; 0 before the first
};

}  // namespace pollhook::poll
