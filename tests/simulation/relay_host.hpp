#pragma once

#include "canaries.hpp"
#include "host.hpp"
#include "ledger.hpp"
#include "pollhook/base/random.hpp"
#include "pollhook/simulator/relay.hpp"
#include "relay_routes.hpp"
#include "task_book.hpp"
#include "timeline.hpp"
#include "trace.hpp"
#include "violations.hpp"
#include "virtual_clock.hpp"

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace pollhook::simulation {

/// A relay that speaks both dialects with the embedded simulator's own routes, lies when it is told to, and
/// remembers every word that it said about a task.
class RelayHost final : public Host {
public:
    struct Surroundings {
        Timeline* timeline = nullptr;
        Trace* trace = nullptr;
        Violations* violations = nullptr;
        const Canaries* canaries = nullptr;
    };
    RelayHost(Surroundings surroundings, simulator::RelayOptions options);

    [[nodiscard]] std::string next_id();
    /// A new task with a random life that begins now. `webhook_url` is what the relay knows; empty: none.
    void submit(const std::string& id, std::string webhook_url);
    /// Says another word about a task from now on, whatever it said before.
    void contradict(const std::string& id, std::string_view word);
    void tell_truth(const std::string& id);
    void forget(const std::string& id);
    void set_faults(const std::vector<std::string>& specs);

    /// The words that were ever said about a task.
    [[nodiscard]] const std::set<std::string>& words(const std::string& id) const;
    /// It was forgotten, or left out of answers by a fault, or is a stranger that was shown once and
    /// discovered: `lost` would be right.
    [[nodiscard]] bool may_be_lost(const std::string& id) const;
    /// Whether the task comes to an end that this relay shows.
    [[nodiscard]] bool ends(const std::string& id) const;
    /// When the last of all tasks reaches its last step.
    [[nodiscard]] base::SteadyPoint last_end() const noexcept { return last_end_; }
    [[nodiscard]] const std::vector<Sending>& requests() const noexcept { return requests_; }

    Reply serve(const Call& call) override;

private:
    http::ServerResponse respond(const http::ServerRequest& request);
    void remember(std::string_view answer);

    Surroundings with_;
    simulator::RelayOptions options_;
    base::Random random_;
    boost::asio::io_context loop_;
    VirtualClock clock_;
    simulator::TaskBook book_;
    simulator::RelayRoutes routes_;
    std::map<std::string, std::set<std::string>> words_;
    std::set<std::string> submitted_;
    std::set<std::string> forgotten_;
    std::set<std::string> ending_;
    bool leaves_out_ = false;
    base::SteadyPoint last_end_{};
    std::vector<Sending> requests_;
    std::uint64_t last_id_ = 1'743'326'750'000'000;
};

}  // namespace pollhook::simulation
