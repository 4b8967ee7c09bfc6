#include "pollhook/provider/page_plan.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <vector>

namespace pollhook::provider {

std::optional<std::uint64_t> number_of_id(std::string_view id) noexcept
{
    std::uint64_t number = 0;
    const char* const end = id.data() + id.size();
    const auto [last, error] = std::from_chars(id.data(), end, number);
    if (id.empty() || error != std::errc() || last != end)
        return std::nullopt;
    return number;
}

std::size_t choose_pages(
    std::span<const std::uint64_t> ids,
    const std::optional<FeedPosition>& position,
    std::size_t page_size,
    std::size_t most_pages
)
{
    if (!position)
        return ids.size() > 1 && most_pages > 0 ? 1 : 0;
    std::vector<std::size_t> shown_on(most_pages + 1);  // ids on each page; [0] is unused
    const double reach = position->gap * static_cast<double>(page_size);
    for (const std::uint64_t id : ids) {
        const double distance = id >= position->top ? 0 : static_cast<double>(position->top - id);
        const double page = distance / reach;
        if (page < static_cast<double>(most_pages))
            ++shown_on[static_cast<std::size_t>(page) + 1];
    }
    std::size_t best = 0;
    std::size_t least_cost = ids.size();
    std::size_t left = ids.size();
    for (std::size_t pages = 1; pages <= most_pages; ++pages) {
        left -= shown_on[pages];
        if (pages + left < least_cost) {
            least_cost = pages + left;
            best = pages;
        }
    }
    return best;
}

}  // namespace pollhook::provider
