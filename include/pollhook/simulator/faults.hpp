#pragma once

#include "pollhook/base/random.hpp"
#include "pollhook/base/time.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pollhook::simulator {

/// What can go wrong on purpose. Those up to `big` replace the answer; the others bend a good one.
enum class FaultKind : std::uint8_t {
    status,         ///< any HTTP status from 300 to 599
    html,           ///< 200 text/html: a wrong base path hits the web app
    empty,          ///< 200 with an empty list
    bad_json,       ///< 200 with half a document, whole by Content-Length
    success_false,  ///< 200 {"success":false,…}
    reset,          ///< RST instead of an answer
    hang,           ///< never answers
    truncate,       ///< closes in the middle of the body
    redirect,       ///< 301 to a front end
    big,            ///< a body of 8 MiB
    slow,           ///< answers late
    duplicate,      ///< an id twice, the second time in an older state
    foreign,        ///< an item that nobody asked for
    omit,           ///< ids left out
    backwards,      ///< an older state than was shown before
    bad_item,       ///< one malformed item among good ones
};

/// Who misbehaves: each side knows some of the kinds.
enum class FaultSide : std::uint8_t { relay, receiver };

struct Fault {
    FaultKind kind = FaultKind::status;
    int status = 500;          ///< of FaultKind::status
    double probability = 1.0;  ///< per request; for omit, duplicate and backwards per item
    base::Duration delay{};    ///< of FaultKind::slow
    std::string retry_after;   ///< of FaultKind::status: the field's value, when it is to be sent
};

/// A set of faults that strike at random, repeatably: the same seed and requests give the same faults.
class Faults {
public:
    Faults() : random_(0) {}

    /// Reads specs of the form `KIND[:PROBABILITY[:ARGUMENT]]`: `503:0.2`, `410` (always), `429:0.1:30` (with
    /// Retry-After: 30), `slow:0.5:3s`. Throws std::invalid_argument that names the spec and the kinds that
    /// exist (this is start-up).
    static Faults parse(std::span<const std::string> specs, FaultSide side, std::uint64_t seed);

    /// The fault that replaces this request's answer, if one strikes; the first in the order they were given.
    std::optional<Fault> answer_fault();
    /// Whether a bending fault strikes this time.
    bool strikes(FaultKind kind);
    /// How long to wait before the answer; zero mostly.
    base::Duration delay();

    [[nodiscard]] bool empty() const noexcept { return faults_.empty(); }

private:
    std::vector<Fault> faults_;
    base::Random random_;
};

}  // namespace pollhook::simulator
