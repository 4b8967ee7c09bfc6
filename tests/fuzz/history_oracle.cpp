#include "fuzz/history_oracle.hpp"

#include <algorithm>

namespace pollhook::fuzz {
namespace {

/// Empty: the state says nothing about how far the task is.
std::optional<int> rank_of(task::Status status)
{
    switch (status) {
        case task::Status::queued: return 0;
        case task::Status::running:
        case task::Status::waiting: return 1;
        case task::Status::unknown: return std::nullopt;
        case task::Status::succeeded:
        case task::Status::failed:
        case task::Status::cancelled:
        case task::Status::lost:
        case task::Status::expired: return 2;
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> HistoryOracle::follow(const task::Transition& step)
{
    if (step.sequence != sequence_ + 1)
        return "I2: the sequence has a gap";
    if (step.from != status_ || step.from_progress != progress_)
        return "I3: the step does not begin where the last one ended";
    if (ended_ && (step.type != task::EventType::updated || step.to != status_))
        return "I3: a step after the end";
    const std::optional<int> rank = rank_of(step.to);
    if (rank && *rank < highest_rank_)
        return "I3: the status fell back";
    if (step.to_progress < progress_ || step.to_progress > 100)
        return "I3: the progress fell, or is above 100";
    if (step.to == status_ && step.to_progress == progress_ && step.type != task::EventType::updated &&
        step.type != task::EventType::stalled && step.type != task::EventType::unknown)
        return "I3: a step that changes nothing";
    sequence_ = step.sequence;
    status_ = step.to;
    progress_ = step.to_progress;
    highest_rank_ = std::max(highest_rank_, rank.value_or(0));
    ended_ = ended_ || rank == 2;
    return std::nullopt;
}

}  // namespace pollhook::fuzz
