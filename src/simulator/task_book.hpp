#pragma once

#include "task_view.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace pollhook::simulator {

/// The tasks of a relay in the order they were submitted; the oldest go when there are too many.
class TaskBook {
public:
    explicit TaskBook(std::size_t limit) : limit_(limit) {}

    /// Puts `task` in as the newest; replaces one of the same id.
    SimulatedTask& add(SimulatedTask task);
    void remove(std::string_view id);
    [[nodiscard]] SimulatedTask* find(std::string_view id);
    [[nodiscard]] const SimulatedTask* find(std::string_view id) const;
    /// `count` tasks from the `first` newest on, newest first.
    [[nodiscard]] std::vector<const SimulatedTask*> newest(std::size_t first, std::size_t count) const;
    /// Oldest first.
    [[nodiscard]] std::vector<std::string> ids() const;
    [[nodiscard]] std::size_t size() const noexcept { return tasks_.size(); }

private:
    std::size_t limit_;
    std::uint64_t next_ = 0;
    std::map<std::uint64_t, SimulatedTask> tasks_;
    std::map<std::string, std::uint64_t, std::less<>> index_;
};

}  // namespace pollhook::simulator
