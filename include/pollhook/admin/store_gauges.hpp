#pragma once

#include "pollhook/base/clock.hpp"
#include "pollhook/store/store.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <vector>

namespace pollhook::admin {

/// What the store holds, for the metrics. It is read by the store's read thread, at most so often that this
/// takes a twentieth of its time or once a minute, and whoever asks in between gets what was read last:
/// however many scrape and however much there is to count, no commit waits for it. Lives on the loop.
class StoreGauges {
public:
    struct Reading {
        store::Totals totals;
        std::vector<store::SinkSummary> sinks;
    };

    /// Both outlive it.
    StoreGauges(store::Store& store, base::Clock& clock) : store_(store), clock_(clock) {}
    StoreGauges(const StoreGauges&) = delete;
    StoreGauges& operator=(const StoreGauges&) = delete;

    /// Null until the store was read for the first time. While one waits for the store, all others get the
    /// last reading at once. Valid until the next call.
    [[nodiscard]] boost::asio::awaitable<const Reading*> current();

private:
    /// From the beginning of a reading to its end, however it ends.
    class Turn {
    public:
        explicit Turn(StoreGauges& gauges);
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;
        ~Turn();

    private:
        StoreGauges& gauges_;
        base::SteadyPoint begin_;
    };

    boost::asio::awaitable<void> read();

    store::Store& store_;
    base::Clock& clock_;
    std::optional<Reading> last_;
    base::SteadyPoint next_read_ = base::SteadyPoint::min();
    bool reading_ = false;
};

}  // namespace pollhook::admin
