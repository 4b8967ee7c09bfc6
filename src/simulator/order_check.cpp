#include "pollhook/simulator/order_check.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

namespace pollhook::simulator {

void OrderCheck::observe(const Receipt& receipt)
{
    if (!receipt.sequence) {
        violations_.push_back(fmt::format("receipt without a sequence: id={}", receipt.id));
        return;
    }
    const std::int64_t sequence = *receipt.sequence;
    const std::string where =
        fmt::format("task={}/{} destination={}", receipt.provider, receipt.task, receipt.destination);

    const Lane lane(receipt.provider, receipt.task, receipt.destination);
    const auto [known, is_new] =
        contents_.try_emplace(Step(lane, sequence), Content{receipt.id, receipt.body});
    if (!is_new && known->second.id != receipt.id)
        violations_.push_back(fmt::format("I5: sequence {} has two event ids: {}", sequence, where));
    if (!is_new && known->second.body != receipt.body)
        violations_.push_back(fmt::format("I5: sequence {} has two bodies: {}", sequence, where));

    std::vector<std::int64_t>& seen = lanes_[lane];
    if (std::ranges::find(seen, sequence) != seen.end()) {
        ++duplicates_;
        return;
    }
    if (!seen.empty() && sequence < seen.back())
        violations_.push_back(fmt::format("I4: sequence {} came after {}: {}", sequence, seen.back(), where));
    seen.push_back(sequence);
}

std::vector<std::int64_t> OrderCheck::sequences(
    const std::string& provider, const std::string& task, const std::string& destination
) const
{
    const auto found = lanes_.find(Lane(provider, task, destination));
    return found == lanes_.end() ? std::vector<std::int64_t>() : found->second;
}

}  // namespace pollhook::simulator
