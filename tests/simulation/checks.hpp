#pragma once

#include "evidence.hpp"
#include "inspection.hpp"
#include "violations.hpp"

namespace pollhook::simulation {

/// What holds for the database after every crash: I0, I1, I2, I3, I5 and I8.
void check_stored(const Inspection& stored, const Evidence& evidence, Violations& violations);

/// What holds for what the receivers saw, once all is over: I4, I5, I6, I11 and I14.
void check_receipts(const Inspection& stored, const Evidence& evidence, Violations& violations);

/// What is still open although it should have ended (I7), in words; empty: nothing.
std::vector<std::string> unfinished(const Inspection& stored, const Evidence& evidence);

/// Dead deliveries that a retry of all of them should have brought to their receivers, in words.
std::vector<std::string> still_dead(const Inspection& stored, const Evidence& evidence);

/// What the sink has not taken again since a replay of everything began, in words. `before`: how many
/// receipts there were at that time.
std::vector<std::string> not_replayed(
    const Inspection& stored, const Evidence& evidence, const std::string& sink, std::size_t before
);

/// I4: a replay keeps the order within each task.
void check_replay(
    const Inspection& stored,
    const Evidence& evidence,
    const std::string& sink,
    std::size_t before,
    Violations& violations
);

/// The ends of tasks are the relays' (I9).
void check_ends(const Inspection& stored, const Evidence& evidence, Violations& violations);

}  // namespace pollhook::simulation
