#pragma once

#include "pollhook/http/client.hpp"
#include "pollhook/http/error.hpp"
#include "support/raw_peer.hpp"

#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace pollhook::http {

/// What an exchange must come to: a status, or an error.
struct Verdict {
    Verdict(int expected) : status(expected) {}  // NOLINT(google-explicit-constructor): reads as a table
    Verdict(Errc expected) : error(expected) {}  // NOLINT(google-explicit-constructor)

    int status = 0;
    std::optional<Errc> error;
};

enum class Keeps { no, yes };

/// The phase whose limit is short, since the peer lets it pass.
enum class Impatience { none, head, body };

/// A peer that means no good, and what must come of it.
struct HostileAnswer {
    std::string name;
    test::RawPeer::Script script;
    Verdict receiver;  ///< of a webhook: only the status counts
    Verdict relay;     ///< of an answer that must be whole
    Keeps keeps = Keeps::no;
    Impatience impatience = Impatience::none;
    std::size_t request_size = 2;
};

/// For GoogleTest, which would print every byte.
inline void PrintTo(const HostileAnswer& hostile, std::ostream* out)
{
    *out << hostile.name;
}

/// Each with an unlike name.
std::vector<HostileAnswer> hostile_answers();

}  // namespace pollhook::http
