#pragma once

#include <string>
#include <string_view>

namespace pollhook::base {

/// What to tell whoever sent an object with two members of one name, of which Boost.JSON silently keeps the
/// last: `the member "id" is there twice`. Objects within others count too. Empty when there are none, and
/// when `json` is no JSON.
std::string repeated_member(std::string_view json);

}  // namespace pollhook::base
