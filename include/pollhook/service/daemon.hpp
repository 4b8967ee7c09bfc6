#pragma once

#include "pollhook/base/clock.hpp"
#include "pollhook/base/random.hpp"
#include "pollhook/config/config.hpp"
#include "pollhook/config/load.hpp"
#include "pollhook/http/connector.hpp"
#include "pollhook/http/server.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pollhook::service {

/// The machine that a daemon runs on, as far as it is not the clock. What is empty is the real one's; the
/// simulation brings its own.
struct Machine {
    std::unique_ptr<http::Connector> connector;
    std::optional<base::Random> random;
    std::string vfs;                            ///< see store::SqliteOptions
    boost::asio::any_io_executor store_writer;  ///< see store::SqliteOptions
    boost::asio::any_io_executor store_reader;
    boost::asio::any_io_executor config_reader;  ///< where a reload's Load runs: it may block
    std::vector<int> sockets;  ///< that listen already, in place of admin.listen; the daemon closes them
};

/// The whole daemon, built from a configuration: store, pollers, dispatcher, sinks and admin API, on one
/// loop.
///
/// Lives on the loop. What it needs for its start is the configuration and the database only: relays and
/// receivers may be down.
class Daemon {
public:
    /// Reads the configuration again, for a reload; on a thread of its own, where it may block.
    using Load = std::function<config::Loaded()>;

    /// `loop` and `clock` outlive the daemon. Without `load` the configuration cannot be reloaded.
    Daemon(
        boost::asio::io_context& loop,
        base::Clock& clock,
        config::Config config,
        Machine machine = {},
        Load load = {}
    );
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;
    ~Daemon();

    /// Starts, calls `on_ready` once everything runs, and completes after stop(), in order and with
    /// everything settled. Throws when it cannot start (store::StartError, std::system_error for an address,
    /// both with a text for the operator; config::SettingError with the place of what cannot be used) and
    /// when the store fails (store::Failure); also then everything has
    /// been stopped.
    [[nodiscard]] boost::asio::awaitable<void> run(std::function<void()> on_ready);

    /// Asks run() to end: no new look and no new attempt, what is in flight may end within shutdown_grace.
    void stop();
    /// Soon reads the configuration again and takes it over, all of it or nothing; opens the file sinks'
    /// paths again (SIGHUP). At any time: one that is asked for before the daemon is ready comes then.
    void reload();

    /// Answers a request of the admin API as its server does, once ready. `request` outlives the operation.
    [[nodiscard]] boost::asio::awaitable<http::ServerResponse> respond(const http::ServerRequest& request);

    /// The TCP addresses of the admin API, once ready.
    [[nodiscard]] std::vector<boost::asio::ip::tcp::endpoint> admin_endpoints() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace pollhook::service
