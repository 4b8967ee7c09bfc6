#pragma once

#include "commands.hpp"

#include <boost/system/result.hpp>

#include <string>
#include <string_view>

namespace pollhook::cli {

/// One line of an import file as the API takes it: an object goes through, completed with the command line's
/// provider and webhook URL where it has none of its own; a plain id becomes an object. The error is a text
/// for the user. Pure.
boost::system::result<std::string, std::string> read_import_line(
    std::string_view line, const TaskImportOptions& options
);

}  // namespace pollhook::cli
