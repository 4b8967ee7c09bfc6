#pragma once

#include "output.hpp"
#include "session.hpp"

#include <boost/json/object.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pollhook::cli {

/// A list of the API: where it is and how its rows look.
struct Listing {
    std::string path;
    std::string member;                                        ///< of the answer that holds the rows: `tasks`
    std::vector<std::pair<std::string, std::string>> filters;  ///< query parameters; empty ones are left out
    std::vector<std::string> titles;
    std::function<std::vector<Cell>(const boost::json::object&)> row;
    std::optional<Paging> paging;  ///< absent: it comes in one piece
};

/// Fetches a list, page after page, and prints it as it comes in the session's format; gives the exit code.
int show_list(Session& session, const Listing& listing);

}  // namespace pollhook::cli
