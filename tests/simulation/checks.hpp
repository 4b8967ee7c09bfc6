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

/// The ends of tasks are the relays' (I9).
void check_ends(const Inspection& stored, const Evidence& evidence, Violations& violations);

}  // namespace pollhook::simulation
