#include "pollhook/task/status.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace pollhook::task {
namespace {

constexpr std::array<std::string_view, 9> status_names{
    "queued", "running", "waiting", "unknown", "succeeded", "failed", "cancelled", "lost", "expired"
};

constexpr std::array<std::pair<std::string_view, Status>, 9> upstream_words{{
    {"", Status::queued},
    {"NOT_START", Status::queued},
    {"SUBMITTED", Status::queued},
    {"QUEUED", Status::queued},
    {"IN_PROGRESS", Status::running},
    {"MODAL", Status::waiting},
    {"SUCCESS", Status::succeeded},
    {"FAILURE", Status::failed},
    {"CANCEL", Status::cancelled},
}};

constexpr char canonical(char c) noexcept
{
    if (c == '-' || c == ' ')
        return '_';
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

}  // namespace

std::string_view name(Status status) noexcept
{
    // A damaged database may hold any number.
    const auto index = static_cast<std::size_t>(status);
    return index < status_names.size() ? status_names[index] : "invalid";
}

std::optional<Status> parse_status(std::string_view name) noexcept
{
    const auto* const found = std::ranges::find(status_names, name);
    if (found == status_names.end())
        return std::nullopt;
    return static_cast<Status>(found - status_names.begin());
}

Status from_upstream(std::string_view word) noexcept
{
    for (const auto& [known, status] : upstream_words)
        if (std::ranges::equal(word, known, {}, canonical))
            return status;
    return Status::unknown;
}

}  // namespace pollhook::task
