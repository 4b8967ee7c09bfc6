#pragma once

#include "pollhook/config/config.hpp"

#include <string>
#include <vector>

namespace pollhook::config {

/// The effective configuration as TOML, every key with its value. Of a secret it shows the reference, or
/// `"***"`; of a URL everything but the query, which may hold a token.
std::string show(const Config& config);

/// The same as JSON: tables are objects, repeated ones arrays of objects.
std::string show_json(const Config& config);

/// The keys, such as `store.file`, that differ and that a running daemon cannot change.
std::vector<std::string> restart_needed(const Config& running, const Config& next);

}  // namespace pollhook::config
