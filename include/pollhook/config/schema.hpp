#pragma once

#include <boost/json/object.hpp>

namespace pollhook::config {

/// The configuration as a JSON Schema (draft 4, which editors' TOML plug-ins read), made from the rows that
/// the parser goes by. It knows names, types, choices, ranges of numbers and defaults; `config check` knows
/// more.
boost::json::object schema();

}  // namespace pollhook::config
