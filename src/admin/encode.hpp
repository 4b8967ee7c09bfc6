#pragma once

#include "pollhook/store/queries.hpp"
#include "pollhook/store/store.hpp"

#include <boost/json/object.hpp>

#include <string>

namespace pollhook::admin {

// Store rows as the API shows them: camelCase, RFC 3339, URLs without userinfo and query.

boost::json::object encode(const store::TaskSummary& task);
boost::json::object encode(const store::TransitionRow& transition);
boost::json::object encode(const store::DeliverySummary& delivery);
boost::json::object encode(const store::Attempt& attempt);
boost::json::object encode(const store::Totals& totals);
/// `{"position":12,"id":"evt_…","event":{…}}`; the body is spliced in as it is stored.
std::string encode_event(const store::StoredEvent& event);

}  // namespace pollhook::admin
