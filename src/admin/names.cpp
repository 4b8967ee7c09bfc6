#include "names.hpp"

#include "pollhook/config/events.hpp"
#include "pollhook/store/outbox.hpp"
#include "pollhook/task/status.hpp"

#include <algorithm>

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

bool add_event_types(std::string_view pattern, std::vector<task::EventType>& types)
{
    const auto selected = config::event_types_of(std::string(pattern));
    for (const std::string_view name : selected)
        if (const auto type = task::parse_event_type(name);
            type && std::ranges::find(types, *type) == types.end())
            types.push_back(*type);
    return !selected.empty();
}

}  // namespace pollhook::admin
