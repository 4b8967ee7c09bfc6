#pragma once

#include "pollhook/base/time.hpp"
#include "pollhook/delivery/destination.hpp"
#include "pollhook/delivery/origin_pace.hpp"
#include "pollhook/sink/sink.hpp"
#include "pollhook/store/queries.hpp"

#include <boost/json/object.hpp>

#include <string_view>

namespace pollhook::admin {

/// What is known of a sink, from the three places that know it.
struct SinkView {
    const store::SinkSummary* row = nullptr;
    const delivery::Destination* destination = nullptr;  ///< null: it is not configured
    const delivery::OriginPace* pace = nullptr;          ///< null: nothing was learned yet
    base::TimePoint now{};
    base::SteadyPoint steady_now{};
};

/// `ok`, `failing`, `paused` or `disabled`.
std::string_view state_of(const delivery::Destination& sink) noexcept;

/// A sink as the API shows it: without anything secret, its URL without query.
boost::json::object encode(const SinkView& sink);
/// What became of a test.
boost::json::object encode(const sink::Outcome& outcome);

}  // namespace pollhook::admin
