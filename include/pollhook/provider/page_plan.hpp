#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace pollhook::provider {

/// Where the next page of a feed begins, which shows the newest tasks first: the ids of an account's tasks
/// are growing numbers with gaps, since the relay numbers all accounts' tasks.
struct FeedPosition {
    std::uint64_t top = 0;  ///< the highest id that the next page may show
    double gap = 1;         ///< on average, between two neighbours on a page; at least 1
};

/// A relay's numeric id; empty for other ids.
std::optional<std::uint64_t> number_of_id(std::string_view id) noexcept;

/// How many further pages to ask for, so that they and one request for each id that they do not show cost
/// the least. 0: ask for every id by itself. `ids` are those that lie on further pages, in any order;
/// without a position nobody knows where, and one page is tried for two ids or more.
std::size_t choose_pages(
    std::span<const std::uint64_t> ids,
    const std::optional<FeedPosition>& position,
    std::size_t page_size,
    std::size_t most_pages
);

}  // namespace pollhook::provider
