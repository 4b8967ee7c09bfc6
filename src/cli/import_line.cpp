#include "import_line.hpp"

#include "pollhook/base/plain_json.hpp"
#include "pollhook/base/repeated_member.hpp"
#include "pollhook/base/text.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <utility>

namespace pollhook::cli {
namespace {

namespace json = boost::json;

void complete(json::object& task, const char* name, const std::string& value)
{
    if (!value.empty() && !task.contains(name))
        task[name] = value;
}

using Line = boost::system::result<std::string, std::string>;

Line refuse(std::string why)
{
    return Line(boost::system::in_place_error, std::move(why));
}

}  // namespace

boost::system::result<std::string, std::string> read_import_line(
    std::string_view line, const TaskImportOptions& options
)
{
    json::object task;
    if (line.starts_with('{')) {
        boost::system::error_code ec;
        json::value value = json::parse({line.data(), line.size()}, ec);
        if (ec)
            return refuse("not JSON: " + ec.message());
        if (std::string repeated = base::repeated_member(line); !repeated.empty())
            return refuse(std::move(repeated));
        task = std::move(value.get_object());
    } else if (options.provider.empty()) {
        return refuse("a plain id needs --provider");
    } else if (!base::is_utf8(line)) {
        return refuse("not UTF-8");
    } else {
        task["id"] = json::string_view(line.data(), line.size());
    }
    complete(task, "provider", options.provider);
    complete(task, "webhookUrl", options.webhook_url);
    return Line(boost::system::in_place_value, base::plain_json(task));
}

}  // namespace pollhook::cli
