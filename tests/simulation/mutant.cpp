#include "mutant.hpp"

namespace pollhook {
namespace {

int active = 0;

}  // namespace

bool is_mutant(int number) noexcept
{
    return number == active;
}

void simulation::switch_on_mutant(int number) noexcept
{
    active = number;
}

}  // namespace pollhook
