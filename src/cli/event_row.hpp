#pragma once

#include "output.hpp"

#include <boost/json/object.hpp>

#include <string>
#include <vector>

namespace pollhook::cli {

// Events of the API as rows of a table.

std::vector<std::string> event_titles();
std::vector<Cell> event_row(const boost::json::object& event);

}  // namespace pollhook::cli
