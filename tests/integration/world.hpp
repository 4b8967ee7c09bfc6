#pragma once

#include "integration/daemon_process.hpp"
#include "pollhook/base/system_clock.hpp"
#include "pollhook/base/task_group.hpp"
#include "pollhook/simulator/order_check.hpp"
#include "pollhook/simulator/receiver.hpp"
#include "pollhook/simulator/relay.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pollhook::test {

// Lives of tasks at the simulated relay.
inline constexpr std::string_view quick_life =
    "0s SUBMITTED 0%, 300ms IN_PROGRESS 10%, 400ms IN_PROGRESS 55%, 400ms SUCCESS 100%";
inline constexpr std::string_view ended_life = "0s SUCCESS 100%";

/// A daemon process between simulated relays and receivers, which live on the test's own loop. The loop turns
/// while the test waits for a condition, so that every wait has a deadline and none a fixed length.
class World : public testing::Test {
protected:
    static constexpr std::string_view secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    World();
    ~World() override;

    simulator::Relay& add_relay(simulator::RelayOptions options = {});
    simulator::Receiver& add_receiver(simulator::ReceiverOptions options = {});

    /// `[daemon]` and `[admin]` for this test, quick retries, task webhooks that may reach the receivers;
    /// then `more`.
    void write_config(std::string_view more);
    /// A `[[provider]]` for a relay with quick looks; `more` are further keys.
    [[nodiscard]] static std::string provider(
        std::string_view name, std::string_view base_url, std::string_view more = {}
    );
    void start(std::vector<std::string> environment = {}, std::vector<std::string> launcher = {});
    /// Without waiting for it to be ready.
    void launch(std::vector<std::string> environment = {}, std::vector<std::string> launcher = {});
    void kill_and_restart();
    [[nodiscard]] DaemonProcess& daemon() { return *daemon_; }

    /// Turns the loop until `condition` holds; a failed expectation after `seconds`.
    testing::AssertionResult becomes_true(const std::function<bool()>& condition, int seconds = 60);
    /// Turns the loop for a bounded number of rounds; for faults that strike at any moment.
    void turn(int rounds);

    RawClient::Answer get(std::string_view target);
    RawClient::Answer post(std::string_view target, std::string_view body);
    RawClient::Answer remove(std::string_view target);
    /// Registers a task with a webhookUrl at `receiver`; none when it is null.
    RawClient::Answer watch(
        std::string_view provider, std::string_view id, const simulator::Receiver* receiver
    );

    /// The last event type that any receiver got for the task; empty before the first.
    [[nodiscard]] std::string last_type(const std::string& task) const;
    [[nodiscard]] std::size_t receipts_of(const std::string& task) const;
    [[nodiscard]] bool is_over(const std::string& task) const;

    /// Of `[delivery]`, for write_config().
    std::string retry_schedule_ =
        R"(["100ms", "100ms", "200ms", "200ms", "200ms", "300ms", "300ms", "500ms", "500ms", "500ms", "500ms", "500ms", "500ms", "1s", "1s", "1s", "1s", "1s", "1s"])";
    std::filesystem::path folder_;
    boost::asio::io_context loop_{1};
    base::SystemClock clock_{loop_};
    simulator::OrderCheck order_;
    std::map<std::string, std::string> last_types_;
    std::map<std::string, std::size_t> receipts_;
    std::size_t unverified_ = 0;
    std::vector<simulator::Receipt> seen_;  ///< by all receivers, also what they refused

private:
    void remember(const simulator::Receipt& receipt);

    std::vector<std::unique_ptr<simulator::Relay>> relays_;
    std::vector<std::unique_ptr<simulator::Receiver>> receivers_;
    base::TaskGroup servers_{loop_.get_executor()};
    std::unique_ptr<DaemonProcess> daemon_;
};

}  // namespace pollhook::test
