#pragma once

#include <string>
#include <utility>
#include <vector>

namespace pollhook::simulation {

/// What must never happen and did. The invariants are those of docs/reliability.md.
struct Violation {
    std::string invariant;  ///< `I4`
    std::string what;
};

class Violations {
public:
    void add(std::string invariant, std::string what)
    {
        constexpr std::size_t enough = 20;
        if (all_.size() < enough)
            all_.push_back({.invariant = std::move(invariant), .what = std::move(what)});
    }
    [[nodiscard]] bool empty() const noexcept { return all_.empty(); }
    [[nodiscard]] const std::vector<Violation>& all() const noexcept { return all_; }

private:
    std::vector<Violation> all_;
};

}  // namespace pollhook::simulation
