#pragma once

#include "pollhook/admin/access.hpp"
#include "pollhook/admin/metrics.hpp"
#include "pollhook/admin/registration.hpp"
#include "pollhook/admin/reload.hpp"
#include "pollhook/admin/store_gauges.hpp"
#include "pollhook/base/clock.hpp"
#include "pollhook/base/histogram.hpp"
#include "pollhook/delivery/dispatcher.hpp"
#include "pollhook/http/server.hpp"
#include "pollhook/poll/poller.hpp"
#include "pollhook/store/store.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pollhook::admin {

class EventFeed;
struct SinkView;

/// The admin API: one function from request to answer over the parts of a running daemon. Errors are problem
/// documents (RFC 9457). Registrations are durable before they are answered. Lives on the loop.
class Api {
public:
    /// Everything outlives the API.
    struct Surroundings {
        store::Store* store = nullptr;
        base::Clock* clock = nullptr;
        delivery::Dispatcher* dispatcher = nullptr;
        std::vector<poll::Poller*> pollers;
        const http::AddressGuard* guard = nullptr;
        const base::Histogram* commit_durations = nullptr;  ///< of the store; null: no metric
        std::uint64_t store_limit = 0;                      ///< store.max_size; 0: no metric
        const Reloading* reloading = nullptr;               ///< null: the configuration cannot be reloaded
        /// How long finished tasks are kept, as configured now.
        std::function<base::Duration()> retention;
    };
    Api(Access access, Surroundings surroundings);
    Api(const Api&) = delete;
    Api& operator=(const Api&) = delete;
    ~Api();

    /// Whether the API reads this request's body piece by piece (see http::ServerOptions::streams_body).
    [[nodiscard]] static bool streams_body(const http::ServerRequest& head);

    /// `request` outlives the operation (see http::Server::Respond).
    [[nodiscard]] boost::asio::awaitable<http::ServerResponse> respond(const http::ServerRequest& request);

    /// What a reload changes. Cannot fail.
    void adopt(
        Access access,
        std::vector<poll::Poller*> pollers,
        const http::AddressGuard* guard,
        std::uint64_t store_limit
    );

    /// `paused`, `keyRefused`, `failing` or `ok`.
    static std::string_view state_of(const poll::Poller& poller);

private:
    using Answer = boost::asio::awaitable<http::ServerResponse>;

    /// What a registration came to, without its refusals.
    struct Registration {
        std::size_t created = 0;
        std::size_t existing = 0;
        std::size_t kept = 0;  ///< of those existing: with another URL or other metadata than were given
        std::optional<store::Registered> last;
    };

    Answer route(const http::ServerRequest& request);
    Answer route_tasks(const http::ServerRequest& request);
    Answer route_sinks(const http::ServerRequest& request);
    Answer route_deliveries(const http::ServerRequest& request);
    Answer route_jobs(const http::ServerRequest& request);
    Answer route_providers(const http::ServerRequest& request);
    Answer route_state(const http::ServerRequest& request);

    Answer register_tasks(const http::ServerRequest& request);
    Answer import_tasks(const http::ServerRequest& request);
    boost::asio::awaitable<base::Result<Registration>> register_chunk(std::vector<store::Registration> chunk);
    Answer list_tasks(const http::ServerRequest& request) const;
    Answer show_task(task::TaskKey key) const;
    Answer remove_task(task::TaskKey key);

    Answer list_sinks() const;
    Answer show_sink(std::string name) const;
    Answer pause_sink(std::string name, const http::ServerRequest& request);
    Answer resume_sink(std::string name);
    Answer test_sink(std::string name);
    Answer replay(std::string name, const http::ServerRequest& request);
    [[nodiscard]] const delivery::Destination* sink(std::string_view name) const;
    [[nodiscard]] SinkView view_of(const store::SinkSummary& row) const;
    [[nodiscard]] http::ServerResponse unknown_sink(std::string_view name) const;

    Answer list_events(const http::ServerRequest& request) const;
    [[nodiscard]] http::ServerResponse stream_events(const http::ServerRequest& request);
    Answer list_deliveries(const http::ServerRequest& request) const;
    Answer show_delivery(store::DeliveryKey key) const;
    Answer retry_delivery(store::DeliveryKey key);
    Answer retry_deliveries(const http::ServerRequest& request);
    boost::asio::awaitable<void> wake_queue(store::DeliverySummary delivery) const;

    Answer create_job(store::JobRequest request);
    Answer count_matching(store::JobRequest request) const;
    Answer list_jobs(const http::ServerRequest& request) const;
    Answer show_job(std::int64_t id) const;
    Answer cancel_job(std::int64_t id);
    [[nodiscard]] boost::json::object encode_job(const store::Job& job) const;

    Answer prune(const http::ServerRequest& request) const;

    Answer status();
    Answer ready();
    Answer metrics();
    Answer reload(const http::ServerRequest& request) const;
    Answer set_pauses(std::string name, poll::Pauses pauses);
    [[nodiscard]] http::ServerResponse list_providers() const;
    [[nodiscard]] http::ServerResponse unknown_provider(std::string_view name) const;
    void take_providers(std::vector<poll::Poller*> pollers);
    [[nodiscard]] poll::Poller* poller(std::string_view provider) const;

    Access access_;
    Surroundings with_;
    RegistrationRules rules_;
    std::unique_ptr<EventFeed> feed_;
    base::SteadyPoint started_;
    StoreGauges gauges_;
    std::optional<base::SteadyPoint> unanswered_since_;  // a question to the store, of ready()
};

}  // namespace pollhook::admin
