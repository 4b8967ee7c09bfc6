#pragma once

#include "pollhook/task/event.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace pollhook::admin {

// The words that the API takes, for guessing which one was meant.

std::vector<std::string> task_state_names();
std::vector<std::string> delivery_state_names();

/// Adds what a type or a pattern as in the configuration's `events` selects, each once; false when it is
/// none.
bool add_event_types(std::string_view pattern, std::vector<task::EventType>& types);

}  // namespace pollhook::admin
