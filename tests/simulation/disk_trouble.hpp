#pragma once

#include "disk.hpp"
#include "pollhook/base/random.hpp"

#include <cstdint>
#include <optional>

namespace pollhook::simulation {

/// Decides what becomes of each operation of a disk: errors and crashes that were planned, and a disk that is
/// full for a while.
class DiskTrouble {
public:
    explicit DiskTrouble(std::uint64_t seed) : random_(seed) {}

    /// What the operation after `count` more will meet.
    void plan(std::uint64_t count, Disk::Fate fate);
    void set_full(bool full) noexcept { full_ = full; }
    [[nodiscard]] bool is_full() const noexcept { return full_; }
    void forget_plan() noexcept { planned_.reset(); }

    Disk::Fate judge(Disk::Operation operation);

    [[nodiscard]] std::uint64_t io_errors() const noexcept { return io_errors_; }

private:
    struct Planned {
        std::uint64_t countdown = 0;
        Disk::Fate fate{};
    };

    base::Random random_;
    std::optional<Planned> planned_;
    bool full_ = false;
    std::uint64_t io_errors_ = 0;
};

}  // namespace pollhook::simulation
