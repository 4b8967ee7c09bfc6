#pragma once

#include "pollhook/store/outbox.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace pollhook::store {

/// What goes from one task to one destination.
struct LaneKey {
    TaskRow task{};
    SinkId sink{};

    bool operator==(const LaneKey&) const = default;
};

/// The deliveries that the dispatcher owns. They are in memory only: in the database a delivery in flight is
/// one that waits and is due. So claiming writes nothing, and after a crash there is nothing to be released.
///
/// Follows the transactions: what a rolled back one changed is undone.
class InFlight {
public:
    struct Claim {
        std::uint32_t sequence = 0;
        std::uint32_t attempts = 0;
        std::uint32_t attempts_before = 0;
        std::uint32_t rejected = 0;
        OriginId origin{};
        task::EventType type{};
        bool alone = false;  ///< nothing else of the lane is open
    };

    /// Null: nothing of the lane is in flight.
    [[nodiscard]] const Claim* find(const LaneKey& lane) const;
    [[nodiscard]] bool contains(const DeliveryKey& key) const;
    void add(const LaneKey& lane, const Claim& claim);
    void remove(const LaneKey& lane);
    /// Something else of the lane was opened.
    void crowd(const LaneKey& lane);

    /// A place in the index of what is due: everything up to there of that origin is in flight, or must wait
    /// for another of its lane that is.
    struct Place {
        std::int64_t due = 0;
        std::int64_t created_at = 0;
        DeliveryKey key;
    };
    [[nodiscard]] Place searched(OriginId origin) const;
    void set_searched(OriginId origin, const Place& place);
    /// A delivery of `origin` that is not in flight has become due at `due`.
    void enters(OriginId origin, base::TimePoint due);
    /// Anything may have become due anywhere.
    void search_anew() noexcept { searched_.clear(); }

    /// All of them, sorted.
    [[nodiscard]] std::vector<DeliveryKey> keys() const;

    void commit() noexcept { changes_.clear(); }
    void roll_back();

private:
    struct Hash {
        std::size_t operator()(const LaneKey& lane) const noexcept
        {
            constexpr std::uint64_t odd = 0x9E3779B97F4A7C15ULL;
            const auto task = static_cast<std::uint64_t>(lane.task);
            return (task * odd) ^ (static_cast<std::uint64_t>(lane.sink) * odd >> 7U);
        }
    };

    std::unordered_map<LaneKey, Claim, Hash> claims_;
    /// What each change replaced, oldest first.
    std::vector<std::pair<LaneKey, std::optional<Claim>>> changes_;
    std::unordered_map<OriginId, Place> searched_;  // bounded: strangers name origins
};

}  // namespace pollhook::store
