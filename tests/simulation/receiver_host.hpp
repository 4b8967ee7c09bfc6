#pragma once

#include "canaries.hpp"
#include "host.hpp"
#include "ledger.hpp"
#include "pollhook/base/random.hpp"
#include "pollhook/simulator/webhook_verifier.hpp"
#include "timeline.hpp"
#include "trace.hpp"
#include "violations.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pollhook::simulation {

/// How likely each misbehaviour of a receiver is; the rest is a 2xx. The defaults are good behaviour.
struct ReceiverMood {
    double error = 0;     ///< 400, 401, 404, 500, 301, …
    double overload = 0;  ///< 429 and 503, mostly with Retry-After
    double gone = 0;      ///< 410
    double reset = 0;
    double hang = 0;
    double cut = 0;   ///< a 2xx whose body breaks off
    double late = 0;  ///< up to 40 s later, perhaps after everybody has lost patience
};

/// A receiver that verifies every signature, writes everything down and behaves as its mood is.
class ReceiverHost final : public Host {
public:
    struct Surroundings {
        Timeline* timeline = nullptr;
        Trace* trace = nullptr;
        Ledger* ledger = nullptr;
        Violations* violations = nullptr;
        const Canaries* canaries = nullptr;
    };
    /// `secret`: `whsec_…`, which everything must be signed with.
    ReceiverHost(Surroundings surroundings, const std::string& secret, std::uint64_t seed);

    void set_mood(const ReceiverMood& mood) noexcept { mood_ = mood; }
    Reply serve(const Call& call) override;

private:
    /// Writes down what came; several when the request carries a batch.
    std::vector<Receipt*> read(const Call& call);
    [[nodiscard]] http::ServerResponse answer();
    void check(const Call& call) const;
    void note(const Receipt& receipt) const;

    Surroundings with_;
    simulator::WebhookVerifier verifier_;
    base::Random random_;
    ReceiverMood mood_;
};

}  // namespace pollhook::simulation
