#include "disk_trouble.hpp"

#include <utility>

namespace pollhook::simulation {

void DiskTrouble::plan(std::uint64_t count, Disk::Fate fate)
{
    planned_ = {.countdown = count, .fate = fate};
}

Disk::Fate DiskTrouble::judge(Disk::Operation operation)
{
    if (planned_ && planned_->countdown-- == 0) {
        const Disk::Fate fate = std::exchange(planned_, std::nullopt)->fate;
        io_errors_ += fate == Disk::Fate::io_error ? 1 : 0;
        return fate;
    }
    // Some writes fit into space that is there already.
    if (full_ && operation == Disk::Operation::write && random_.unit() < 0.7)
        return Disk::Fate::full;
    return Disk::Fate::done;
}

}  // namespace pollhook::simulation
