#include "pollhook/base/repeated_member.hpp"

#include "pollhook/base/json_listener.hpp"
#include "pollhook/base/text.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

namespace pollhook::base {
namespace {

namespace json = boost::json;

/// Gathers the names of the objects that are open, and compares them at the end of each.
struct Names : JsonListener {
    bool on_object_begin(Error&)
    {
        begins.push_back(names.size());
        return true;
    }
    bool on_object_end(std::size_t, Error&)
    {
        const auto begin = names.begin() + static_cast<std::ptrdiff_t>(begins.back());
        std::sort(begin, names.end());
        if (const auto found = std::adjacent_find(begin, names.end()); found != names.end() && !repeated)
            repeated = *found;
        names.erase(begin, names.end());
        begins.pop_back();
        return true;
    }
    bool on_key_part(Text part, std::size_t, Error&)
    {
        name.append(part.data(), part.size());
        return true;
    }
    bool on_key(Text rest, std::size_t, Error&)
    {
        name.append(rest.data(), rest.size());
        names.push_back(name);
        name.clear();
        return true;
    }

    std::string name;                 // begun
    std::vector<std::string> names;   // of all objects that are open
    std::vector<std::size_t> begins;  // of each one's names
    std::optional<std::string> repeated;
};

}  // namespace

std::string repeated_member(std::string_view json)
{
    json::basic_parser<Names> parser{json::parse_options()};
    json::error_code ec;
    parser.write_some(false, json.data(), json.size(), ec);
    const std::optional<std::string>& name = parser.handler().repeated;
    return name && !ec ? fmt::format("the member \"{}\" is there twice", printable(*name, 60)) : "";
}

}  // namespace pollhook::base
