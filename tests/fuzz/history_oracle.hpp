#pragma once

#include "pollhook/task/detect.hpp"

#include <optional>
#include <string>

namespace pollhook::fuzz {

/// What invariant I3 allows of one task's steps, written down without the code that it judges: status rank
/// and progress never fall, and there is one end, with nothing but `task.updated` after it. Also I2: steps
/// are counted without gaps.
class HistoryOracle {
public:
    /// What is wrong with the next step; empty when nothing is.
    std::optional<std::string> follow(const task::Transition& step);

private:
    std::uint32_t sequence_ = 0;
    task::Status status_ = task::Status::queued;
    int highest_rank_ = 0;
    int progress_ = 0;
    bool ended_ = false;
};

}  // namespace pollhook::fuzz
