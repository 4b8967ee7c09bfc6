#pragma once

#include "pollhook/store/queries.hpp"
#include "pollhook/store/store.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace pollhook::admin {

// Store rows as the API shows them: camelCase, RFC 3339, URLs without userinfo and query.

boost::json::value time_or_null(const std::optional<base::TimePoint>& point);
boost::json::value text_or_null(std::string_view value);
/// What a receiver sent: it may be any bytes, and JSON holds only UTF-8.
boost::json::value foreign_text(const std::string& bytes);
boost::json::value shown_url(const std::string& url);

/// How long the parts of an attempt took: of a store::Attempt or a sink::Outcome.
template <class Attempt>
boost::json::object timing_of(const Attempt& attempt)
{
    boost::json::object timing;
    timing["lookUpMs"] = attempt.look_up.count();
    timing["connectMs"] = attempt.connect.count();
    timing["tlsMs"] = attempt.tls.count();
    timing["firstByteMs"] = attempt.first_byte.count();
    timing["totalMs"] = attempt.total.count();
    return timing;
}

boost::json::object encode(const std::map<store::DeliveryState, std::uint64_t>& deliveries);
boost::json::object encode(const store::TaskSummary& task);
boost::json::object encode(const store::TransitionRow& transition);
boost::json::object encode(const store::DeliverySummary& delivery);
boost::json::object encode(const store::Attempt& attempt);
boost::json::object encode(const store::Totals& totals);
/// `{"position":12,"id":"evt_…","event":{…}}`; the body is spliced in as it is stored.
std::string encode_event(const store::StoredEvent& event);

}  // namespace pollhook::admin
