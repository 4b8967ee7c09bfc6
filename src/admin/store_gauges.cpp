#include "pollhook/admin/store_gauges.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace pollhook::admin {
namespace {

constexpr base::Duration shortest_pause = std::chrono::seconds(1);
constexpr base::Duration longest_pause = std::chrono::minutes(1);
constexpr int pauses_per_reading = 20;

}  // namespace

StoreGauges::Turn::Turn(StoreGauges& gauges) : gauges_(gauges), begin_(gauges.clock_.steady_now())
{
    gauges_.reading_ = true;
}

StoreGauges::Turn::~Turn()
{
    const base::SteadyPoint end = gauges_.clock_.steady_now();
    gauges_.next_read_ = end + std::clamp(pauses_per_reading * (end - begin_), shortest_pause, longest_pause);
    gauges_.reading_ = false;
}

boost::asio::awaitable<const StoreGauges::Reading*> StoreGauges::current()
{
    if (!reading_ && clock_.steady_now() >= next_read_)
        co_await read();
    co_return last_ ? &*last_ : nullptr;
}

boost::asio::awaitable<void> StoreGauges::read()
{
    // Whoever asked may lose patience: then the next one reads.
    const Turn turn(*this);
    base::Result<store::Totals> totals = co_await store_.totals();
    base::Result<std::vector<store::SinkSummary>> sinks = co_await store_.sinks();
    // A store that does not answer leaves what was last known.
    if (totals && sinks)
        last_.emplace(Reading{.totals = std::move(*totals), .sinks = std::move(*sinks)});
}

}  // namespace pollhook::admin
