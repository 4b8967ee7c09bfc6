#pragma once

#include "canaries.hpp"
#include "trace.hpp"
#include "violations.hpp"

namespace pollhook::simulation {

/// The daemon's log: searched for secrets, and shown in a printed trace. It stands in for spdlog's default
/// logger, so there is one at a time.
class LogCapture {
public:
    /// All must outlive it.
    static void start(const Canaries& canaries, Violations& violations, const Trace& trace);
    static void stop();
    /// While what is left of a dead process is wound up: it can log nothing.
    static void pause();
    static void resume();
};

}  // namespace pollhook::simulation
