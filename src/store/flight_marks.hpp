#pragma once

#include "queries.hpp"

#include <cstdint>
#include <map>
#include <vector>

namespace pollhook::store {

// What is in flight is stored as pending; these show it as it is.

void mark(DeliverySummary& delivery, const InFlightKeys& in_flight);
void mark(std::vector<DeliverySummary>& deliveries, const InFlightKeys& in_flight);
/// `n` of those that are stored as pending are in flight.
void count_in_flight(std::map<DeliveryState, std::uint64_t>& deliveries, std::uint64_t n);

}  // namespace pollhook::store
