#pragma once

namespace pollhook {

/// Whether the mutant of that number is switched on; asked by the mutated sources (see mutate.py).
bool is_mutant(int number) noexcept;

namespace simulation {

/// 0: none. Before the first seed runs.
void switch_on_mutant(int number) noexcept;

}  // namespace simulation
}  // namespace pollhook
