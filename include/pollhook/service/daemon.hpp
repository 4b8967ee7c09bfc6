#pragma once

#include "pollhook/base/clock.hpp"
#include "pollhook/config/config.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <functional>
#include <memory>
#include <vector>

namespace pollhook::service {

/// The whole daemon, built from a configuration: store, pollers, dispatcher, sinks and admin API, on one
/// loop.
///
/// Lives on the loop. What it needs for its start is the configuration and the database only: relays and
/// receivers may be down.
class Daemon {
public:
    /// `loop` and `clock` outlive the daemon.
    Daemon(boost::asio::io_context& loop, base::Clock& clock, config::Config config);
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;
    ~Daemon();

    /// Starts, calls `on_ready` once everything runs, and completes after stop(), in order and with
    /// everything settled. Throws when it cannot start (store::StartError, std::system_error for an address,
    /// both with a text for the operator) and when the store fails (store::Failure); also then everything has
    /// been stopped.
    [[nodiscard]] boost::asio::awaitable<void> run(std::function<void()> on_ready);

    /// Asks run() to end: no new look and no new attempt, what is in flight may end within shutdown_grace.
    void stop();
    /// Opens the file sinks' paths again (SIGHUP).
    void reopen_sinks();

    /// The TCP addresses of the admin API, once ready.
    [[nodiscard]] std::vector<boost::asio::ip::tcp::endpoint> admin_endpoints() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace pollhook::service
