#include "claims.hpp"

#include <algorithm>
#include <utility>

namespace pollhook::store {

bool Claims::take_room(OriginId origin)
{
    if (room_ == 0 || std::ranges::binary_search(policy_.saturated, origin))
        return false;
    --room_;
    return true;
}

std::shared_ptr<const StoredEvent> Claims::event(std::int64_t row) const
{
    const auto found = events_.find(row);
    return found == events_.end() ? nullptr : found->second;
}

void Claims::remember(std::shared_ptr<const StoredEvent> event)
{
    const std::int64_t row = event->row;
    events_.emplace(row, std::move(event));
}

std::vector<OriginId> Claims::take_waiting()
{
    std::ranges::sort(waiting_);
    const auto rest = std::ranges::unique(waiting_);
    waiting_.erase(rest.begin(), rest.end());
    return std::move(waiting_);
}

}  // namespace pollhook::store
