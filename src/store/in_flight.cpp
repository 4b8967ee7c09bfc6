#include "in_flight.hpp"

#include <algorithm>
#include <limits>

namespace pollhook::store {

namespace {

constexpr std::size_t most_origins = 4096;
constexpr InFlight::Place before_everything{
    .due = std::numeric_limits<std::int64_t>::min(), .created_at = 0, .key = {}
};

}  // namespace

const InFlight::Claim* InFlight::find(const LaneKey& lane) const
{
    const auto found = claims_.find(lane);
    return found == claims_.end() ? nullptr : &found->second;
}

bool InFlight::contains(const DeliveryKey& key) const
{
    const Claim* claim = find({key.task, key.sink});
    return claim != nullptr && claim->sequence == key.sequence;
}

void InFlight::add(const LaneKey& lane, const Claim& claim)
{
    changes_.emplace_back(lane, std::nullopt);
    claims_.insert_or_assign(lane, claim);
}

void InFlight::remove(const LaneKey& lane)
{
    if (const auto found = claims_.find(lane); found != claims_.end()) {
        changes_.emplace_back(lane, found->second);
        claims_.erase(found);
    }
}

void InFlight::crowd(const LaneKey& lane)
{
    // Not undone: it is only looked for in vain then.
    if (const auto found = claims_.find(lane); found != claims_.end())
        found->second.alone = false;
}

InFlight::Place InFlight::searched(OriginId origin) const
{
    const auto found = searched_.find(origin);
    return found == searched_.end() ? before_everything : found->second;
}

void InFlight::set_searched(OriginId origin, const Place& place)
{
    if (searched_.size() >= most_origins)
        searched_.clear();
    searched_.insert_or_assign(origin, place);
}

void InFlight::enters(OriginId origin, base::TimePoint due)
{
    const auto found = searched_.find(origin);
    if (found != searched_.end() && base::to_unix_ms(due) <= found->second.due)
        searched_.erase(found);
}

std::vector<DeliveryKey> InFlight::keys() const
{
    std::vector<DeliveryKey> keys;
    keys.reserve(claims_.size());
    for (const auto& [lane, claim] : claims_)
        keys.push_back({lane.task, lane.sink, claim.sequence});
    std::ranges::sort(keys);
    return keys;
}

void InFlight::roll_back()
{
    for (; !changes_.empty(); changes_.pop_back()) {
        const auto& [lane, before] = changes_.back();
        if (before) {
            Claim claim = *before;
            claim.alone = false;
            claims_.insert_or_assign(lane, claim);
        } else
            claims_.erase(lane);
    }
    searched_.clear();
}

}  // namespace pollhook::store
