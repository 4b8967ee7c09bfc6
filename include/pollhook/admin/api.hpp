#pragma once

#include "pollhook/admin/access.hpp"
#include "pollhook/admin/registration.hpp"
#include "pollhook/base/clock.hpp"
#include "pollhook/delivery/dispatcher.hpp"
#include "pollhook/http/server.hpp"
#include "pollhook/poll/poller.hpp"
#include "pollhook/store/store.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string>
#include <vector>

namespace pollhook::admin {

/// The admin API of contract section 4: one function from request to answer over the parts of a running
/// daemon. Errors are problem documents (RFC 9457). Registrations are durable before they are answered. Lives
/// on the loop.
class Api {
public:
    /// Everything outlives the API.
    struct Surroundings {
        store::Store* store = nullptr;
        base::Clock* clock = nullptr;
        const delivery::Dispatcher* dispatcher = nullptr;
        std::vector<poll::Poller*> pollers;
        const http::AddressGuard* guard = nullptr;
    };
    Api(Access access, Surroundings surroundings);
    Api(const Api&) = delete;
    Api& operator=(const Api&) = delete;

    /// `request` outlives the operation (see http::Server::Respond).
    [[nodiscard]] boost::asio::awaitable<http::ServerResponse> respond(const http::ServerRequest& request);

private:
    using Answer = boost::asio::awaitable<http::ServerResponse>;

    Answer route(const http::ServerRequest& request);
    Answer register_tasks(const http::ServerRequest& request);
    Answer list_tasks(const http::ServerRequest& request) const;
    Answer show_task(task::TaskKey key) const;
    Answer remove_task(task::TaskKey key);
    Answer list_events(const http::ServerRequest& request) const;
    Answer list_deliveries(const http::ServerRequest& request) const;
    Answer show_delivery(std::string_view id) const;
    Answer status();
    Answer ready();
    [[nodiscard]] http::ServerResponse list_providers() const;
    [[nodiscard]] poll::Poller* poller(std::string_view provider) const;

    Access access_;
    Surroundings with_;
    RegistrationRules rules_;
    base::SteadyPoint started_;
};

}  // namespace pollhook::admin
