#include "pollhook/admin/store_gauges.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace pollhook::admin {
namespace {

constexpr base::Duration shortest_pause = std::chrono::seconds(1);
constexpr int pauses_per_reading = 20;

}  // namespace

boost::asio::awaitable<const StoreGauges::Reading*> StoreGauges::current()
{
    if (!reading_ && clock_.steady_now() >= next_read_)
        co_await read();
    co_return last_ ? &*last_ : nullptr;
}

boost::asio::awaitable<void> StoreGauges::read()
{
    reading_ = true;
    const base::SteadyPoint begin = clock_.steady_now();
    base::Result<store::Totals> totals = co_await store_.totals();
    base::Result<std::vector<store::SinkSummary>> sinks = co_await store_.sinks();
    const base::SteadyPoint end = clock_.steady_now();
    next_read_ = end + std::max(shortest_pause, pauses_per_reading * (end - begin));
    reading_ = false;
    // A store that does not answer leaves what was last known.
    if (totals && sinks)
        last_.emplace(Reading{.totals = std::move(*totals), .sinks = std::move(*sinks)});
}

}  // namespace pollhook::admin
