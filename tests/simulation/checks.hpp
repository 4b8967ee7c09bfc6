#pragma once

#include "evidence.hpp"
#include "inspection.hpp"
#include "violations.hpp"

namespace pollhook::simulation {

/// What holds for the database after every crash: I0, I1, I2, I3, I5 and I8.
void check_stored(const Inspection& stored, const Evidence& evidence, Violations& violations);

/// I1: what retention deleted had ended everywhere for long enough, and nothing of it comes back. A part of
/// check_stored().
void check_retention(const Inspection& stored, const Evidence& evidence, Violations& violations);

/// Tasks that have ended and were not deleted, in words.
std::vector<std::string> ended_and_there(const Inspection& stored);

/// I4 and I11: each event is for those sinks that want it by the configuration in force, in its order, and
/// nothing is sent to a sink that is not configured.
void check_configuration(const Inspection& stored, const Evidence& evidence, Violations& violations);

/// I11: the rates of sinks and providers.
void check_rates(const Evidence& evidence, Violations& violations);

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
