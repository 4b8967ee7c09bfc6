#pragma once

#include <boost/json/value.hpp>

#include <string>

namespace pollhook::base {

/// `value` as JSON with its numbers as people write them, `19.99` and `100`: Boost.JSON says `1.999E1` and
/// `1E2`. Numbers that are not finite become null.
std::string plain_json(const boost::json::value& value);

}  // namespace pollhook::base
