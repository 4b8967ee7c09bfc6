#include "pollhook/config/show.hpp"

#include <toml++/toml.h>

#include <sstream>

namespace pollhook::config {

std::string show_json(const Config& config)
{
    // What show() writes is TOML, which has its own way to JSON.
    const toml::table table = toml::parse(show(config));
    std::ostringstream out;
    out << toml::json_formatter(table, toml::format_flags::none);
    return out.str();
}

}  // namespace pollhook::config
