#include "session.hpp"

#include "exit_code.hpp"
#include "pollhook/base/text.hpp"
#include "terminal.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <utility>

namespace pollhook::cli {

Outcome<std::unique_ptr<Session>> open_session(const ClientOptions& options)
{
    auto address = parse_admin_address(options.admin);
    if (!address) {
        Failure failure;
        failure.exit_code = exit_code::usage;
        failure.message = fmt::format(
            "cannot use the admin address {}: {}", base::printable(options.admin), address.error()
        );
        failure.hint =
            "it is http://HOST:PORT or unix:/PATH, from --admin, POLLHOOK_ADMIN or the configuration";
        return failure;
    }
    return std::unique_ptr<Session>(new Session{
        AdminClient(std::move(*address), options.token),
        options.output,
        wants_color(options.color, STDOUT_FILENO),
        options.token,
    });
}

Outcome<std::string> register_many(AdminClient& daemon, std::string body, std::string_view content_type)
{
    constexpr int all_rejected = 422;
    auto answer = daemon.post("/v1/tasks", std::move(body), content_type);
    if (answer)
        return std::move(answer->body);
    if (answer.error().status == all_rejected)
        return answer.error().body;
    return answer.error();
}

std::uint64_t count_of(const boost::json::object& object, std::string_view name)
{
    const boost::json::value* value = object.if_contains({name.data(), name.size()});
    return value != nullptr && value->is_int64() && value->get_int64() > 0
               ? static_cast<std::uint64_t>(value->get_int64())
               : 0;
}

void tell_kept_total(std::uint64_t count)
{
    if (count > 0)
        fmt::print(
            stderr,
            "pollhook: warning: {} known already keep the webhookUrl or metadata that they were given "
            "first\n",
            count
        );
}

std::string task_path(std::string_view provider, std::string_view id)
{
    return fmt::format("/v1/tasks/{}/{}", percent_encoded(provider), percent_encoded(id));
}

}  // namespace pollhook::cli
