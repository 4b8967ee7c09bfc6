#pragma once

#include <string_view>

namespace pollhook::cli {

/// Whether a task in this state changes no more.
bool is_terminal_state(std::string_view state) noexcept;

/// What `task wait` tells the shell about a task that ended like this.
int exit_code_of(std::string_view state) noexcept;

/// The worse of two such exit codes: failed, then not watched, then lost or expired, then cancelled, then
/// succeeded.
int worse(int a, int b) noexcept;

}  // namespace pollhook::cli
