#include "names.hpp"

#include "pollhook/config/events.hpp"
#include "pollhook/store/outbox.hpp"
#include "pollhook/task/status.hpp"

namespace pollhook::admin {
namespace {

/// The names of an enumeration whose last member is `last`.
template <class Enum>
std::vector<std::string> names_up_to(Enum last)
{
    std::vector<std::string> names;
    for (int code = 0; code <= static_cast<int>(last); ++code)
        names.emplace_back(name(static_cast<Enum>(code)));
    return names;
}

}  // namespace

std::vector<std::string> task_state_names()
{
    return names_up_to(task::Status::expired);
}

std::vector<std::string> delivery_state_names()
{
    return names_up_to(store::DeliveryState::cancelled);
}

std::vector<std::string> event_type_names()
{
    const auto types = config::event_types();
    return {types.begin(), types.end()};
}

}  // namespace pollhook::admin
