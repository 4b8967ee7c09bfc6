#include "pollhook/delivery/origin_queues.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace pollhook::delivery {

using store::OriginId;

void OriginQueues::set_limits(OriginId origin, OriginLimits limits, base::SteadyPoint now)
{
    Queue& entry = queue(origin);
    entry.limits = limits;
    entry.configured = true;
    entry.bucket.reset();
    if (limits.max_per_second)
        entry.bucket.emplace(*limits.max_per_second, *limits.max_per_second, now);
}

void OriginQueues::push(store::ClaimedDelivery delivery)
{
    const OriginId origin = delivery.origin;
    Queue& entry = queue(origin);
    entry.ready.push_back(std::move(delivery));
    ++queued_;
    enter_turn(origin, entry);
}

std::optional<store::ClaimedDelivery> OriginQueues::pop(base::SteadyPoint now)
{
    // Each origin is asked once at most; one that may not send now keeps its place in the circle.
    for (std::size_t asked = turn_.size(); asked > 0; --asked) {
        const OriginId origin = turn_.front();
        Queue& entry = queues_.at(origin);
        turn_.splice(turn_.end(), turn_, turn_.begin());
        if (entry.bucket && !entry.bucket->ready(now))
            continue;
        if (entry.bucket)
            entry.bucket->take(1, now);
        store::ClaimedDelivery delivery = std::move(entry.ready.front());
        entry.ready.pop_front();
        --queued_;
        ++entry.in_flight;
        ++in_flight_;
        if (entry.ready.empty() || entry.in_flight >= entry.limits.max_in_flight) {
            turn_.pop_back();
            entry.in_turn = false;
        }
        return delivery;
    }
    return std::nullopt;
}

void OriginQueues::finished(OriginId origin)
{
    const auto found = queues_.find(origin);
    Queue& entry = found->second;
    --entry.in_flight;
    --in_flight_;
    enter_turn(origin, entry);
    forget_if_idle(found);
}

std::vector<store::ClaimedDelivery> OriginQueues::drain()
{
    std::vector<store::ClaimedDelivery> all;
    all.reserve(queued_);
    for (auto& [origin, entry] : queues_) {
        std::ranges::move(entry.ready, std::back_inserter(all));
        entry.ready.clear();
        entry.in_turn = false;
    }
    turn_.clear();
    queued_ = 0;
    return all;
}

std::size_t OriginQueues::room(OriginId origin) const
{
    const auto entry = queues_.find(origin);
    if (entry == queues_.end())
        return std::min(room(), capacity(defaults_));
    const std::size_t most = capacity(entry->second.limits);
    return std::min(room(), most - std::min(most, held(entry->second)));
}

std::vector<OriginId> OriginQueues::saturated() const
{
    std::vector<OriginId> full;
    for (const auto& [origin, entry] : queues_)
        if (held(entry) >= capacity(entry.limits))
            full.push_back(origin);
    std::ranges::sort(full);
    return full;
}

std::optional<base::SteadyPoint> OriginQueues::next_token(base::SteadyPoint now)
{
    std::optional<base::SteadyPoint> first;
    for (const OriginId origin : turn_) {
        Queue& entry = queues_.at(origin);
        if (!entry.bucket)
            continue;
        const base::SteadyPoint next = entry.bucket->next(now);
        if (!first || next < *first)
            first = next;
    }
    return first;
}

void OriginQueues::set_backlog(OriginId origin, std::optional<base::TimePoint> due)
{
    if (!due && !queues_.contains(origin))
        return;
    queue(origin).backlog = due;
    forget_if_idle(queues_.find(origin));
}

void OriginQueues::add_backlog(OriginId origin, base::TimePoint due)
{
    auto& backlog = queue(origin).backlog;
    if (!backlog || due < *backlog)
        backlog = due;
}

std::vector<std::pair<OriginId, std::size_t>> OriginQueues::claimable(base::TimePoint now, std::size_t limit)
{
    // Claiming in bulk when half of the queue is gone costs fewer commits than one by one.
    std::vector<OriginId> low;
    for (const auto& [origin, entry] : queues_)
        if (entry.backlog && *entry.backlog <= now && is_low(entry))
            low.push_back(origin);
    if (low.empty() || limit == 0)
        return {};
    std::ranges::sort(low);
    std::ranges::rotate(low, std::ranges::upper_bound(low, last_claimed_));

    const std::size_t share = std::max<std::size_t>(1, limit / low.size());
    std::vector<std::pair<OriginId, std::size_t>> requests;
    for (const OriginId origin : low) {
        const std::size_t count = std::min({room(origin), share, limit});
        if (count == 0)
            break;
        requests.emplace_back(origin, count);
        limit -= count;
        last_claimed_ = origin;
    }
    return requests;
}

std::optional<base::TimePoint> OriginQueues::next_backlog() const
{
    std::optional<base::TimePoint> first;
    for (const auto& [origin, entry] : queues_)
        if (entry.backlog && is_low(entry) && (!first || *entry.backlog < *first))
            first = entry.backlog;
    return first;
}

OriginQueues::Queue& OriginQueues::queue(OriginId origin)
{
    const auto [entry, created] = queues_.try_emplace(origin);
    if (created)
        entry->second.limits = defaults_;
    return entry->second;
}

void OriginQueues::forget_if_idle(Queues::iterator entry)
{
    const Queue& idle = entry->second;
    if (!idle.configured && held(idle) == 0 && !idle.backlog)
        queues_.erase(entry);
}

std::size_t OriginQueues::held(const Queue& queue)
{
    return queue.ready.size() + queue.in_flight;
}

std::size_t OriginQueues::capacity(const OriginLimits& limits)
{
    // Enough to keep every slot busy while the next claim is on its way.
    constexpr std::size_t batches = 4;
    return limits.max_in_flight * batches;
}

bool OriginQueues::is_low(const Queue& queue)
{
    return held(queue) <= capacity(queue.limits) / 2;
}

void OriginQueues::enter_turn(OriginId origin, Queue& queue)
{
    if (queue.ready.empty() || queue.in_flight >= queue.limits.max_in_flight)
        return;
    if (!std::exchange(queue.in_turn, true))
        turn_.push_back(origin);
}

}  // namespace pollhook::delivery
