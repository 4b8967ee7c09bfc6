#include "task_outcome.hpp"

#include "exit_code.hpp"
#include "output.hpp"
#include "pollhook/task/status.hpp"

#include <algorithm>
#include <array>

namespace pollhook::cli {

bool is_terminal_state(std::string_view state) noexcept
{
    const auto status = task::parse_status(state);
    return status && is_terminal(*status);
}

bool is_given_up(const boost::json::object& task)
{
    const boost::json::value* watching = task.if_contains("watching");
    return watching != nullptr && watching->is_bool() && !watching->get_bool() &&
           !is_terminal_state(shown(task, "status"));
}

int exit_code_of(std::string_view state) noexcept
{
    switch (task::parse_status(state).value_or(task::Status::failed)) {
        case task::Status::succeeded: return exit_code::ok;
        case task::Status::cancelled: return exit_code::task_cancelled;
        case task::Status::lost:
        case task::Status::expired: return exit_code::task_lost_or_expired;
        default: return exit_code::failed;
    }
}

int worse(int a, int b) noexcept
{
    constexpr std::array best_first{
        exit_code::ok,
        exit_code::task_cancelled,
        exit_code::task_lost_or_expired,
        exit_code::task_not_watched,
        exit_code::failed,
    };
    return *std::max(std::ranges::find(best_first, a), std::ranges::find(best_first, b));
}

}  // namespace pollhook::cli
