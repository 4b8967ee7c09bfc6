#pragma once

#include "pollhook/simulator/receiver.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace pollhook::simulator {

/// Watches receipts for what must never fail: per (task, destination) the first receipts of each sequence
/// come in rising order (I4 in its findings), and a sequence has the same event id and the same body in every
/// attempt (I5).
class OrderCheck {
public:
    void observe(const Receipt& receipt);

    /// In words, in the order they were found; empty when all is well.
    [[nodiscard]] const std::vector<std::string>& violations() const noexcept { return violations_; }
    /// Receipts of a sequence that had been seen before at the same destination: legal, at-least-once.
    [[nodiscard]] std::size_t duplicates() const noexcept { return duplicates_; }
    /// The sequences seen first hand for a task at a destination, in their order.
    [[nodiscard]] std::vector<std::int64_t> sequences(
        const std::string& provider, const std::string& task, const std::string& destination
    ) const;

private:
    using Lane = std::tuple<std::string, std::string, std::string>;
    using Step = std::pair<Lane, std::int64_t>;
    struct Content {
        std::string id;
        std::string body;
    };

    std::map<Lane, std::vector<std::int64_t>> lanes_;
    std::map<Step, Content> contents_;
    std::vector<std::string> violations_;
    std::size_t duplicates_ = 0;
};

}  // namespace pollhook::simulator
