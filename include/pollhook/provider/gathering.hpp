#pragma once

#include "pollhook/provider/item_reader.hpp"
#include "pollhook/provider/provider.hpp"

#include <cstddef>
#include <memory_resource>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

namespace pollhook::provider {

/// What was found where items should be.
struct ItemsRead {
    std::size_t items = 0;     ///< readable or not
    std::size_t readable = 0;  ///< of them
    std::size_t nameless = 0;  ///< unreadable, and nobody can tell which task they were meant to show
    bool whole = false;        ///< the list was there to its end and no longer than max_items
};

/// Puts the items of one look's answers together: item by item, so that a bad one costs nothing but itself,
/// and at most one observation for each id, the most advanced: relays show an id twice, one of them stale.
class Gathering {
public:
    static constexpr std::size_t max_items = 10'000;  ///< in one answer

    /// Every readable item counts. `answer` must outlive it.
    Gathering(const ItemDialect& dialect, Answer& answer);
    /// Items of `asked` count, others are foreign. The ids must outlive it.
    Gathering(const ItemDialect& dialect, Answer& answer, std::span<const std::string> asked);

    /// Reads a list of items, or the one item, that `text` begins with; it must lie in Answer::bodies.
    ItemsRead read(std::string_view text);

    /// Whether an observation of `id` was found.
    [[nodiscard]] bool has_seen(std::string_view id) const;
    /// Whether `id` came in an item that could not be read otherwise.
    [[nodiscard]] bool is_spoiled(std::string_view id) const;

private:
    static constexpr std::size_t none = static_cast<std::size_t>(-1);
    struct Place {
        std::size_t observation = none;  // its index in Answer::observations
        bool spoiled = false;
    };

    std::size_t take(std::string_view text, ItemsRead& count);
    void place(const task::Observation& seen);

    Answer& answer_;
    ItemReader reader_;
    bool anyone_ = false;
    std::pmr::monotonic_buffer_resource memory_;
    std::pmr::unordered_map<std::string_view, Place> places_{&memory_};
};

/// Whether `a` tells of a later moment of a task's life than `b`.
bool is_more_advanced(const task::Observation& a, const task::Observation& b) noexcept;

}  // namespace pollhook::provider
