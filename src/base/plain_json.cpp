#include "pollhook/base/plain_json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <cmath>
#include <iterator>

namespace pollhook::base {
namespace {

namespace json = boost::json;

void append(std::string& out, const json::value& value)
{
    if (const double* number = value.if_double()) {
        if (std::isfinite(*number))
            fmt::format_to(std::back_inserter(out), "{}", *number);
        else
            out += "null";
    } else if (const json::array* array = value.if_array()) {
        out += '[';
        const char* joint = "";
        for (const json::value& element : *array) {
            out += joint;
            append(out, element);
            joint = ",";
        }
        out += ']';
    } else if (const json::object* object = value.if_object()) {
        out += '{';
        const char* joint = "";
        for (const auto& member : *object) {
            out += joint + json::serialize(member.key()) + ':';
            append(out, member.value());
            joint = ",";
        }
        out += '}';
    } else {
        out += json::serialize(value);
    }
}

}  // namespace

std::string plain_json(const json::value& value)
{
    std::string out;
    append(out, value);
    return out;
}

}  // namespace pollhook::base
