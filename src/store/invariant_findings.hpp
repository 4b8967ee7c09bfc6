#pragma once

#include "pollhook/store/invariants.hpp"
#include "pollhook/task/event.hpp"
#include "pollhook/task/status.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace pollhook::store {

constexpr bool is_status(std::int64_t number)
{
    return number >= 0 && number <= static_cast<std::int64_t>(task::Status::expired);
}

constexpr bool is_event_type(std::int64_t number)
{
    return number >= 0 && number < static_cast<std::int64_t>(task::event_type_count);
}

/// Where a row belongs; what is found is reported with it.
struct Place {
    TaskRow task{};
    task::TaskKey key;
    std::optional<SinkId> sink;
    std::uint32_t sequence = 0;
};

/// What is found on the way, counted and told.
class Findings {
public:
    explicit Findings(const InvariantListener& listener) : listener_(listener) {}

    void add(const Violation& violation)
    {
        ++check.violations;
        listener_.found(violation);
    }
    void add(const char* invariant, const Place& place, std::string what)
    {
        Violation violation;
        violation.invariant = invariant;
        violation.what = std::move(what);
        violation.task = place.task;
        violation.key = place.key;
        violation.sink = place.sink;
        violation.sequence = place.sequence;
        add(violation);
    }
    /// `good` is what the invariant asks for.
    void expect(bool good, const char* invariant, const Place& place, std::string_view what)
    {
        if (!good)
            add(invariant, place, std::string(what));
    }
    void whole_file(std::string what)
    {
        Violation violation;
        violation.invariant = "I0";
        violation.what = std::move(what);
        add(violation);
    }
    void show_progress(std::uint64_t all) const
    {
        if (listener_.progress)
            listener_.progress(check.tasks, all);
    }

    InvariantCheck check;

private:
    const InvariantListener& listener_;
};

}  // namespace pollhook::store
