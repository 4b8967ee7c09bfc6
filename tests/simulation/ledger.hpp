#pragma once

#include "pollhook/base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace pollhook::simulation {

/// When a request left the process.
struct Sending {
    base::SteadyPoint at{};  ///< its first byte
    std::uint64_t boot = 0;
    bool on_new_connection = false;
};

/// One event that a receiver got whole, and what became of the answer.
struct Receipt {
    base::SteadyPoint at{};
    base::SteadyPoint sent_at{};  ///< when its first byte left the process
    std::uint64_t boot = 0;
    bool on_new_connection = false;
    std::string destination;  ///< host and path
    std::string event_id;
    std::string type;
    std::int64_t sequence = 0;
    std::int64_t attempt = 0;  ///< 0: a batch does not tell
    std::string body;
    int status = 0;  ///< that was answered; 0: none
    std::optional<base::Duration> retry_after;
    std::optional<base::SteadyPoint> answered_at;  ///< the whole head of the answer reached the process
};

/// What the receivers saw, in the order in which it arrived. It is all that the checks believe about what was
/// sent. A deque, since receipts are completed after they were made.
using Ledger = std::deque<Receipt>;

}  // namespace pollhook::simulation
