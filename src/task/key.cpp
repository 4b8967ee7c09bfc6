#include "pollhook/task/key.hpp"

#include <algorithm>

namespace pollhook::task {

bool is_valid_id(std::string_view id) noexcept
{
    constexpr std::size_t max_length = 128;
    const auto allowed = [](char c) { return c > ' ' && c < '\x7f' && c != '"' && c != '\\' && c != '/'; };
    return !id.empty() && id.size() <= max_length && std::ranges::all_of(id, allowed);
}

}  // namespace pollhook::task
