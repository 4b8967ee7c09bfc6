#pragma once

#include "commands.hpp"

#include <string>
#include <string_view>

namespace pollhook::cli {

/// Whether what is written to `descriptor` shall have colours: a terminal, not NO_COLOR (no-color.org) and
/// not TERM=dumb, unless the command line decided.
bool wants_color(ColorMode mode, int descriptor);

/// The lines of `text` to standard error, each as an error when that is the journal. What came from outside
/// must have passed through base::printable().
void print_lines(std::string_view text);

/// `pollhook: error: MESSAGE`, and `hint` on a line of its own when there is one, to standard error. What
/// came from outside must have passed through base::printable().
void print_error(std::string_view message, std::string_view hint = {});

/// `text`, ended by a line end when it is not empty.
std::string with_line_end(std::string text);

}  // namespace pollhook::cli
