#include "flight_marks.hpp"

#include <algorithm>

namespace pollhook::store {
namespace {

bool contains(const InFlightKeys& in_flight, const DeliveryKey& key)
{
    return std::ranges::binary_search(in_flight, key);
}

}  // namespace

void mark(DeliverySummary& delivery, const InFlightKeys& in_flight)
{
    if (delivery.state != DeliveryState::pending || !contains(in_flight, delivery.key))
        return;
    delivery.state = DeliveryState::in_flight;
    delivery.due.reset();
}

void mark(std::vector<DeliverySummary>& deliveries, const InFlightKeys& in_flight)
{
    for (DeliverySummary& delivery : deliveries)
        mark(delivery, in_flight);
}

void count_in_flight(std::map<DeliveryState, std::uint64_t>& deliveries, std::uint64_t n)
{
    const auto pending = deliveries.find(DeliveryState::pending);
    n = std::min(n, pending == deliveries.end() ? 0 : pending->second);
    if (n == 0)
        return;
    deliveries[DeliveryState::in_flight] = n;
    pending->second -= n;
    if (pending->second == 0)
        deliveries.erase(pending);
}

}  // namespace pollhook::store
