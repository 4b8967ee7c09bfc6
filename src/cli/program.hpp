#pragma once

#include <span>
#include <string>

namespace pollhook::cli {

/// Does what the command line says; `arguments` are those after the program's name. Gives the exit code, and
/// never throws: what nobody foresaw is reported and gives 1.
int run_program(std::span<const std::string> arguments) noexcept;

}  // namespace pollhook::cli
