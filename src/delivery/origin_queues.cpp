#include "pollhook/delivery/origin_queues.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace pollhook::delivery {

using store::OriginId;

namespace {

constexpr std::size_t most_idle_hosts = 4096;

}  // namespace

void OriginQueues::set_defaults(OriginLimits limits, BreakerPauses pauses, base::SteadyPoint now)
{
    defaults_ = limits;
    breaker_pauses_ = pauses;
    for (auto& [id, entry] : queues_)
        if (!entry.configured)
            entry.limits = limits;
    for (auto& [id, host] : hosts_)
        host.pace.set_limits(most_at(host), limits.max_per_second, pauses, now);
}

void OriginQueues::configure(
    OriginId id, OriginId host, OriginLimits limits, std::size_t per_request, base::SteadyPoint now
)
{
    limits.max_in_flight *= per_request;
    Queue& entry = queues_[id];
    if (entry.host != host) {
        if (entry.host != OriginId{}) {
            if (std::exchange(entry.waits_for_host, false))
                std::erase(hosts_.at(entry.host).waiting, id);
            leave(entry.host, id);
        }
        entry.host = host;
        entry.pace = &join(
            host, id, {.max_in_flight = limits.max_in_flight, .max_per_second = defaults_.max_per_second}
        );
    }
    entry.limits = limits;
    entry.configured = true;
    // What was spent stays spent: a change of something else is no second burst.
    if (!limits.max_per_second)
        entry.bucket.reset();
    else if (entry.bucket)
        entry.bucket->set_limits(*limits.max_per_second, *limits.max_per_second, now);
    else
        entry.bucket.emplace(*limits.max_per_second, *limits.max_per_second, now);
    Host& there = hosts_.at(host);
    there.pace.set_limits(most_at(there), defaults_.max_per_second, breaker_pauses_, now);
    enter_turn(id, entry);
}

std::vector<store::ClaimedDelivery> OriginQueues::remove(OriginId id)
{
    std::vector<store::ClaimedDelivery> all;
    const auto found = queues_.find(id);
    if (found == queues_.end())
        return all;
    Queue& entry = found->second;
    take_queued(entry, all);
    entry.configured = false;
    entry.paused = false;
    entry.awaits_allowance = false;
    entry.backlog.reset();
    entry.bucket.reset();
    entry.allowed.reset();
    forget_if_idle(found);
    return all;
}

void OriginQueues::forget_allowance(OriginId id)
{
    Queue& entry = queues_.at(id);
    entry.awaits_allowance = false;
    entry.allowed.reset();
    enter_turn(id, entry);
}

void OriginQueues::await_allowance(OriginId id)
{
    queues_.at(id).awaits_allowance = true;
}

void OriginQueues::set_allowed(OriginId id, std::optional<double> per_second, base::SteadyPoint now)
{
    Queue& entry = queue(id);
    entry.awaits_allowance = false;
    if (!per_second)
        entry.allowed.reset();
    else if (entry.allowed)
        entry.allowed->set_rate(*per_second, now);
    else
        entry.allowed.emplace(*per_second, 1, now);
    enter_turn(id, entry);
}

void OriginQueues::pause(OriginId id)
{
    queues_.at(id).paused = true;
}

void OriginQueues::resume(OriginId id, base::SteadyPoint now)
{
    Queue& entry = queues_.at(id);
    entry.paused = false;
    // What failed before the pause says nothing about how long the receiver has been given since.
    entry.pace->restart_trouble(now);
    enter_turn(id, entry);
}

void OriginQueues::push(store::ClaimedDelivery delivery)
{
    const OriginId id = delivery.origin;
    Queue& entry = queue(id);
    entry.ready.push_back(std::move(delivery));
    ++queued_;
    enter_turn(id, entry);
}

std::optional<store::ClaimedDelivery> OriginQueues::pop(base::SteadyPoint now)
{
    // Each queue is asked once at most; one that may not send now keeps its place in the circle.
    for (std::size_t asked = turn_.size(); asked > 0; --asked) {
        const OriginId id = turn_.front();
        Queue& entry = queues_.at(id);
        if (!has_slot(entry)) {
            // In the order in which they come here, they enter again when a slot of the host is free.
            turn_.pop_front();
            entry.in_turn = false;
            if (!entry.paused && entry.in_flight < limit(entry)) {
                entry.waits_for_host = true;
                hosts_.at(entry.host).waiting.push_back(id);
            }
            continue;
        }
        turn_.splice(turn_.end(), turn_, turn_.begin());
        OriginPace& pace = *entry.pace;
        if (!pace.permits(now) || !rate_permits(entry, now))
            continue;
        if (entry.bucket)
            entry.bucket->take(1, now);
        if (entry.allowed)
            entry.allowed->take(1, now);
        pace.started(now);
        store::ClaimedDelivery delivery = std::move(entry.ready.front());
        entry.ready.pop_front();
        --queued_;
        ++entry.in_flight;
        ++in_flight_;
        if (entry.ready.empty() || entry.in_flight >= limit(entry)) {
            turn_.pop_back();
            entry.in_turn = false;
        }
        return delivery;
    }
    return std::nullopt;
}

bool OriginQueues::is_idle(OriginId id) const
{
    const auto entry = queues_.find(id);
    return entry == queues_.end() || held(entry->second) == 0;
}

std::optional<OriginQueues::Opened> OriginQueues::finished(
    OriginId id,
    OriginId host,
    Condition condition,
    base::SteadyPoint started_at,
    base::SteadyPoint now,
    base::Random& random
)
{
    const auto found = queues_.find(id);
    Queue& entry = found->second;
    --entry.in_flight;
    --in_flight_;
    // The queue may send to another host by now, and the former one may be forgotten.
    const auto there = hosts_.find(host);
    const bool opened =
        there != hosts_.end() && there->second.pace.finished(condition, started_at, now, random);
    // A slot of the host is free: those that wait for one come before the queue that had it.
    wake_waiting(host);
    enter_turn(id, entry);
    if (!opened) {
        forget_if_idle(found);
        return std::nullopt;
    }
    const CircuitBreaker& breaker = there->second.pace.breaker();
    Opened result{
        .failing_since = breaker.opened_at().value_or(now),
        .waiting = {},
    };
    result.waiting = drain_host(host);
    // Also when it is none of the host's any more.
    if (const auto left = queues_.find(id); left != queues_.end())
        forget_if_idle(left);
    return result;
}

void OriginQueues::wake_waiting(OriginId host)
{
    const auto entry = hosts_.find(host);
    if (entry == hosts_.end())
        return;
    for (const OriginId waiting : std::exchange(entry->second.waiting, {})) {
        Queue& other = queues_.at(waiting);
        other.waits_for_host = false;
        enter_turn(waiting, other);
    }
}

std::size_t OriginQueues::most_at(const Host& host) const
{
    std::size_t most = 0;
    for (const OriginId id : host.queues)
        most = std::max(most, queues_.at(id).limits.max_in_flight);
    return most == 0 ? defaults_.max_in_flight : most;
}

std::vector<store::ClaimedDelivery> OriginQueues::drain()
{
    std::vector<store::ClaimedDelivery> all;
    all.reserve(queued_);
    for (auto& [id, entry] : queues_)
        take_queued(entry, all);
    return all;
}

std::vector<store::ClaimedDelivery> OriginQueues::drain(OriginId id)
{
    std::vector<store::ClaimedDelivery> all;
    take_queued(queues_.at(id), all);
    return all;
}

std::vector<store::ClaimedDelivery> OriginQueues::drain_host(OriginId host)
{
    std::vector<store::ClaimedDelivery> all;
    const std::vector<OriginId> users = hosts_.at(host).queues;
    for (const OriginId user : users) {
        const auto entry = queues_.find(user);
        take_queued(entry->second, all);
        forget_if_idle(entry);
    }
    return all;
}

std::size_t OriginQueues::room(OriginId id) const
{
    const auto entry = queues_.find(id);
    if (entry == queues_.end())
        return std::min(room(), defaults_.max_in_flight * per_slot_);
    if (entry->second.paused)
        return 0;
    const std::size_t most = capacity(entry->second);
    return std::min(room(), most - std::min(most, held(entry->second)));
}

std::vector<OriginId> OriginQueues::saturated(base::SteadyPoint now) const
{
    std::vector<OriginId> full;
    for (const auto& [id, entry] : queues_)
        if (entry.paused || held(entry) >= capacity(entry) ||
            entry.pace->breaker().state(now) == CircuitBreaker::State::open)
            full.push_back(id);
    std::ranges::sort(full);
    return full;
}

std::optional<base::SteadyPoint> OriginQueues::next_permit(base::SteadyPoint now)
{
    std::optional<base::SteadyPoint> first;
    for (const OriginId id : turn_) {
        Queue& entry = queues_.at(id);
        OriginPace& pace = *entry.pace;
        // A queue without a slot is woken by the end of an attempt, not by time.
        const bool waits_for_slot =
            pace.breaker().state(now) != CircuitBreaker::State::open && !pace.has_slot(now);
        if (entry.paused || waits_for_slot || !has_slot(entry))
            continue;
        base::SteadyPoint next = pace.next(now);
        if (entry.bucket)
            next = std::max(next, entry.bucket->next(now));
        if (entry.allowed)
            next = std::max(next, entry.allowed->next(now));
        if (!first || next < *first)
            first = next;
    }
    return first;
}

void OriginQueues::set_backlog(OriginId id, std::optional<base::SteadyPoint> due)
{
    if (!due && !queues_.contains(id))
        return;
    queue(id).backlog = due;
    forget_if_idle(queues_.find(id));
}

void OriginQueues::add_backlog(OriginId id, base::SteadyPoint due)
{
    auto& backlog = queue(id).backlog;
    if (!backlog || due < *backlog)
        backlog = due;
}

std::vector<std::pair<OriginId, std::size_t>> OriginQueues::claimable(
    base::SteadyPoint now, std::size_t limit
)
{
    // Claiming in bulk when half of the queue is gone costs fewer commits than one by one.
    std::vector<OriginId> low;
    for (const auto& [id, entry] : queues_)
        if (entry.backlog && !entry.paused && is_low(entry) && usable_from(entry, *entry.backlog) <= now)
            low.push_back(id);
    if (low.empty() || limit == 0)
        return {};
    std::ranges::sort(low);
    std::ranges::rotate(low, std::ranges::upper_bound(low, last_claimed_));

    const std::size_t share = std::max<std::size_t>(1, limit / low.size());
    std::vector<std::pair<OriginId, std::size_t>> requests;
    for (const OriginId id : low) {
        const std::size_t count = std::min({room(id), share, limit});
        if (count == 0)
            break;
        requests.emplace_back(id, count);
        limit -= count;
        last_claimed_ = id;
    }
    return requests;
}

std::optional<base::SteadyPoint> OriginQueues::next_backlog(base::SteadyPoint now) const
{
    std::optional<base::SteadyPoint> first;
    for (const auto& [id, entry] : queues_) {
        if (!entry.backlog || entry.paused || !is_low(entry))
            continue;
        const base::SteadyPoint due = usable_from(entry, *entry.backlog);
        if (!first || due < *first)
            first = due;
        if (*first <= now)
            break;
    }
    return first;
}

bool OriginQueues::has_backlog() const
{
    return std::ranges::any_of(queues_, [](const auto& entry) { return entry.second.backlog.has_value(); });
}

const OriginPace* OriginQueues::pace(OriginId id) const
{
    const auto entry = queues_.find(id);
    const auto host = hosts_.find(entry == queues_.end() ? id : entry->second.host);
    return host == hosts_.end() ? nullptr : &host->second.pace;
}

std::size_t OriginQueues::open_breakers() const
{
    return static_cast<std::size_t>(std::ranges::count_if(hosts_, [](const auto& host) {
        return host.second.pace.breaker().probe_at().has_value();
    }));
}

OriginQueues::Queue& OriginQueues::queue(OriginId id)
{
    const auto [entry, created] = queues_.try_emplace(id);
    if (created) {
        entry->second.limits = defaults_;
        entry->second.host = id;
        entry->second.pace = &join(id, id, defaults_);
    }
    return entry->second;
}

OriginPace& OriginQueues::join(OriginId host, OriginId queue, const OriginLimits& limits)
{
    const auto [entry, created] =
        hosts_.try_emplace(host, OriginPace(limits.max_in_flight, limits.max_per_second, breaker_pauses_));
    Host& joined = entry->second;
    if (joined.idle)
        idle_hosts_.erase(*std::exchange(joined.idle, std::nullopt));
    joined.pace.allow(limits.max_in_flight);
    joined.queues.push_back(queue);
    return joined.pace;
}

void OriginQueues::forget_if_idle(Queues::iterator entry)
{
    const Queue& idle = entry->second;
    if (idle.configured || held(idle) > 0 || idle.backlog)
        return;
    const OriginId id = entry->first;
    const OriginId host = idle.host;
    queues_.erase(entry);
    leave(host, id);
}

void OriginQueues::leave(OriginId host, OriginId queue)
{
    const auto entry = hosts_.find(host);
    std::erase(entry->second.queues, queue);
    if (!entry->second.queues.empty())
        return;
    if (entry->second.pace.is_plain()) {
        hosts_.erase(entry);
        return;
    }
    if (idle_hosts_.size() >= most_idle_hosts) {
        hosts_.erase(idle_hosts_.front());
        idle_hosts_.pop_front();
    }
    entry->second.idle = idle_hosts_.insert(idle_hosts_.end(), host);
}

void OriginQueues::take_queued(Queue& queue, std::vector<store::ClaimedDelivery>& all)
{
    queued_ -= queue.ready.size();
    std::ranges::move(queue.ready, std::back_inserter(all));
    queue.ready.clear();
    const auto is_this = [&](OriginId id) { return &queues_.at(id) == &queue; };
    if (std::exchange(queue.in_turn, false))
        std::erase_if(turn_, is_this);
    if (std::exchange(queue.waits_for_host, false))
        std::erase_if(hosts_.at(queue.host).waiting, is_this);
}

std::size_t OriginQueues::held(const Queue& queue)
{
    return queue.ready.size() + queue.in_flight;
}

std::size_t OriginQueues::capacity(const Queue& queue) const
{
    // A slow receiver must not hold the claims of all the others, so none has more than its even share.
    const std::size_t share = std::max<std::size_t>(1, most_ / std::max<std::size_t>(1, queues_.size()));
    return std::min(share, std::min(queue.limits.max_in_flight, queue.pace->window()) * per_slot_);
}

bool OriginQueues::is_low(const Queue& queue) const
{
    return held(queue) <= capacity(queue) / 2;
}

std::size_t OriginQueues::limit(const Queue& queue)
{
    return queue.awaits_allowance ? 1 : queue.limits.max_in_flight;
}

bool OriginQueues::has_slot(const Queue& queue)
{
    return !queue.paused && queue.in_flight < limit(queue) && queue.pace->in_flight() < queue.pace->window();
}

bool OriginQueues::rate_permits(Queue& queue, base::SteadyPoint now)
{
    return (!queue.bucket || queue.bucket->ready(now)) && (!queue.allowed || queue.allowed->ready(now));
}

base::SteadyPoint OriginQueues::usable_from(const Queue& queue, base::SteadyPoint due)
{
    return std::max(due, queue.pace->breaker().probe_at().value_or(due));
}

void OriginQueues::enter_turn(OriginId id, Queue& queue)
{
    if (queue.ready.empty() || queue.paused || queue.waits_for_host || queue.in_flight >= limit(queue))
        return;
    if (!std::exchange(queue.in_turn, true))
        turn_.push_back(id);
}

}  // namespace pollhook::delivery
