#pragma once

#include "pollhook/http/client.hpp"
#include "pollhook/sink/sink.hpp"

#include <boost/system/error_code.hpp>

#include <string>

/// What the attempts of a webhook come to.
namespace pollhook::sink {

/// Only a 2xx head counts as delivered. `now` is what a date in Retry-After counts from.
Outcome to_outcome(http::Exchange exchange, base::TimePoint now);

/// Nothing was sent, because of an error of http_category().
Outcome refusal(const boost::system::error_code& reason);

/// Nothing was delivered, for a reason that http does not know.
Outcome failure(std::string error_class, std::string detail);

Outcome cancelled();

/// `HTTP 503`
std::string describe_status(int status);

}  // namespace pollhook::sink
