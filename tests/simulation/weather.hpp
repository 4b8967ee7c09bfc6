#pragma once

#include "pollhook/base/time.hpp"

namespace pollhook::simulation {

/// How likely what goes wrong on the network is. The defaults are calm.
struct Weather {
    base::Duration least_latency{1};  ///< one way
    base::Duration most_latency{20};
    // For each connection.
    double look_up_failure = 0;
    double refusal = 0;
    double silence = 0;  ///< a black hole: not even a refusal comes back
    double tls_failure = 0;
    double reset_upwards = 0;  ///< at some byte of what is sent
    double reset_downwards = 0;
    double loss_upwards = 0;  ///< from some byte on nothing arrives any more
    double loss_downwards = 0;
    double idle_close = 0.05;  ///< after an answer the server ends the connection some time later
    // For each piece of bytes.
    double chop = 0.2;  ///< split once more
    double delay = 0;   ///< arrives up to 20 s later
};

}  // namespace pollhook::simulation
