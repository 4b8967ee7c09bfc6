#pragma once

#include <compare>
#include <string>
#include <string_view>

namespace pollhook::task {

/// What names a task: the provider's configured name (which stands for base URL and account) and the relay's
/// id.
struct TaskKey {
    std::string provider;
    std::string id;

    bool operator==(const TaskKey&) const = default;
    auto operator<=>(const TaskKey&) const = default;
};

/// Whether `id` can be a relay's task id: 1 to 128 bytes of visible ASCII without space, `"`, `\` and `/`.
/// Relays use decimal numbers of up to 19 digits and UUID-like words; everything else is a mistake or an
/// attack on logs and paths.
bool is_valid_id(std::string_view id) noexcept;

}  // namespace pollhook::task
