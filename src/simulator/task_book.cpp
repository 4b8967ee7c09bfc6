#include "task_book.hpp"

#include <iterator>
#include <utility>

namespace pollhook::simulator {

SimulatedTask& TaskBook::add(SimulatedTask task)
{
    remove(task.id);
    if (!tasks_.empty() && tasks_.size() >= limit_) {
        index_.erase(tasks_.begin()->second.id);
        tasks_.erase(tasks_.begin());
    }
    const std::uint64_t position = next_++;
    index_.emplace(task.id, position);
    return tasks_.emplace(position, std::move(task)).first->second;
}

void TaskBook::remove(std::string_view id)
{
    const auto found = index_.find(id);
    if (found == index_.end())
        return;
    tasks_.erase(found->second);
    index_.erase(found);
}

SimulatedTask* TaskBook::find(std::string_view id)
{
    const auto found = index_.find(id);
    return found == index_.end() ? nullptr : &tasks_.at(found->second);
}

const SimulatedTask* TaskBook::find(std::string_view id) const
{
    const auto found = index_.find(id);
    return found == index_.end() ? nullptr : &tasks_.at(found->second);
}

std::vector<const SimulatedTask*> TaskBook::newest(std::size_t first, std::size_t count) const
{
    std::vector<const SimulatedTask*> page;
    if (first >= tasks_.size())
        return page;
    for (auto task = std::next(tasks_.rbegin(), static_cast<std::ptrdiff_t>(first));
         task != tasks_.rend() && page.size() < count;
         ++task)
        page.push_back(&task->second);
    return page;
}

std::vector<std::string> TaskBook::ids() const
{
    std::vector<std::string> ids;
    ids.reserve(tasks_.size());
    for (const auto& [position, task] : tasks_)
        ids.push_back(task.id);
    return ids;
}

}  // namespace pollhook::simulator
