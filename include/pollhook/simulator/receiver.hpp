#pragma once

#include "pollhook/base/clock.hpp"
#include "pollhook/http/server.hpp"
#include "pollhook/simulator/webhook_verifier.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pollhook::simulator {

/// One delivery as it came.
struct Receipt {
    base::TimePoint received_at;
    std::string destination;                                  ///< path and query it was sent to
    std::vector<std::pair<std::string, std::string>> fields;  ///< names in lower case
    std::string body;
    std::optional<Verdict> verdict;  ///< empty when there are no secrets to verify with
    int status = 0;                  ///< what was answered; 0 for a reset or a hang
    // From the pollhook- and webhook- fields, else from the body; empty when neither has it.
    std::string id;
    std::string type;
    std::string provider;
    std::string task;
    std::optional<std::int64_t> sequence;
    std::optional<std::int64_t> attempt;
};

/// The receipt as one line of JSON, without the line end: `receivedAt`, `verified` (null without secrets),
/// `id`, `type`, `provider`, `task`, `sequence`, `attempt`, `status`, `body` (JSON when it is JSON, else a
/// string).
std::string receipt_line(const Receipt& receipt);

struct ReceiverOptions {
    std::vector<std::string> listen = {"127.0.0.1:0"};
    std::vector<std::string> secrets;   ///< `whsec_…` and `whpk_…`, see WebhookVerifier; none: not verified
    std::string hub_secret;             ///< of X-Hub-Signature-256, verified as well; empty: not verified
    std::vector<std::string> failures;  ///< as Faults::parse() reads them: `503:0.2`, `410`, `hang:0.1`
    std::uint64_t seed = 1;
    base::Duration timestamp_tolerance = std::chrono::minutes(5);
    std::size_t max_receipts = 10'000;  ///< kept; the oldest are forgotten
    std::size_t max_connections = 1024;
    std::function<void(const Receipt&)> on_receipt;  ///< called before the answer goes out
};

/// A webhook receiver that verifies, remembers, and fails when it is told to.
///
/// Good deliveries get 204, those whose signature does not fit 401, other methods than POST 405. Belongs to
/// its loop.
class Receiver {
public:
    /// Throws std::invalid_argument for a bad secret or failure. `loop` and `clock` must outlive it.
    Receiver(boost::asio::io_context& loop, base::Clock& clock, ReceiverOptions options);
    Receiver(const Receiver&) = delete;
    Receiver& operator=(const Receiver&) = delete;
    ~Receiver();

    /// Binds; throws std::system_error naming the address.
    void open();
    [[nodiscard]] boost::asio::ip::tcp::endpoint endpoint() const;
    /// `http://127.0.0.1:PORT`; any path is taken.
    [[nodiscard]] std::string base_url() const;
    [[nodiscard]] boost::asio::awaitable<void> run();
    [[nodiscard]] boost::asio::awaitable<void> stop(base::Duration grace);

    /// Replaces the failures; throws as the constructor does.
    void set_failures(const std::vector<std::string>& specs);

    /// The last max_receipts of them, in the order they came.
    [[nodiscard]] const std::deque<Receipt>& receipts() const noexcept;
    /// All that ever came, also those forgotten.
    [[nodiscard]] std::size_t received() const noexcept;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace pollhook::simulator
