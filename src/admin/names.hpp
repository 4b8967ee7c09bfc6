#pragma once

#include <string>
#include <vector>

namespace pollhook::admin {

// The words that the API takes, for guessing which one was meant.

std::vector<std::string> task_state_names();
std::vector<std::string> delivery_state_names();
std::vector<std::string> event_type_names();

}  // namespace pollhook::admin
