#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

namespace pollhook::base {

using boost::system::error_code;

/// The value of an operation that may fail for a reason its caller decides about.
/// Exceptions are kept for start-up and for broken invariants.
template <class T>
using Result = boost::system::result<T>;

}  // namespace pollhook::base
