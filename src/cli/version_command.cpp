#include "commands.hpp"
#include "exit_code.hpp"
#include "output.hpp"
#include "pollhook/base/version.hpp"

#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <string>

namespace pollhook::cli {

int version(OutputFormat output)
{
    if (output == OutputFormat::table) {
        print(fmt::format("pollhook {}\n", base::version()));
        return exit_code::ok;
    }
    boost::json::object line;
    line["name"] = "pollhook";
    line["version"] = std::string(base::version());
    print_line(line);
    return exit_code::ok;
}

}  // namespace pollhook::cli
