#pragma once

#include <boost/json/object.hpp>

#include <string_view>

namespace pollhook::cli {

/// Whether a task in this state changes no more.
bool is_terminal_state(std::string_view state) noexcept;

/// Whether it has not ended and never will, since nobody looks at it any more. `task` is as the API gives it.
bool is_given_up(const boost::json::object& task);

/// What `task wait` tells the shell about a task that ended like this.
int exit_code_of(std::string_view state) noexcept;

/// The worse of two such exit codes: failed, then not watched, then lost or expired, then cancelled, then
/// succeeded.
int worse(int a, int b) noexcept;

}  // namespace pollhook::cli
