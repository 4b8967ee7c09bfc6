#include "commands.hpp"
#include "exit_code.hpp"
#include "pollhook/base/version.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace pollhook::cli {

int version()
{
    fmt::print("pollhook {}\n", base::version());
    return exit_code::ok;
}

}  // namespace pollhook::cli
