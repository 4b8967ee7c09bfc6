#pragma once

#include "parts.hpp"
#include "pollers.hpp"
#include "pollhook/admin/api.hpp"
#include "pollhook/admin/reload.hpp"
#include "pollhook/base/condition.hpp"
#include "pollhook/base/random.hpp"
#include "pollhook/config/load.hpp"
#include "pollhook/delivery/dispatcher.hpp"
#include "pollhook/http/server.hpp"
#include "pollhook/poll/routing.hpp"
#include "pollhook/store/sqlite_store.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace pollhook::service {

/// Gives a running daemon another configuration, all of it or nothing: reads and checks it, builds everything
/// that it needs, and only then changes what runs, at one point at which nothing can fail.
///
/// Whoever asks while a reload is under way gets the result of the next one, which reads the files after they
/// asked. Lives on the loop.
class Reload {
public:
    using Load = std::function<config::Loaded()>;
    /// The running daemon; all of it outlives this.
    struct Parts {
        boost::asio::any_io_executor reader;  ///< where files are read: it may block
        base::Random* random = nullptr;
        store::SqliteStore* store = nullptr;
        http::Client* client = nullptr;
        const http::Server* server = nullptr;
        delivery::Dispatcher* dispatcher = nullptr;
        admin::Api* api = nullptr;
        Pollers* pollers = nullptr;
        sink::Surroundings sinks;
        // What is replaced.
        config::Config* config = nullptr;
        std::unique_ptr<poll::Routing>* routing = nullptr;
        Guard* guard = nullptr;
    };

    /// `load` may be empty: then there is nothing to reload from.
    Reload(base::Clock& clock, Load load);
    Reload(const Reload&) = delete;
    Reload& operator=(const Reload&) = delete;

    /// What the admin API asks and tells.
    [[nodiscard]] const admin::Reloading& state() const noexcept { return state_; }
    /// Soon. False when the daemon is stopping, or has nothing to reload from.
    bool request();
    /// Refuses everything from now on; one that is under way changes nothing any more if it has not yet.
    void close();
    /// Carries out what is asked for, also before this; until cancelled. Throws when the store fails.
    [[nodiscard]] boost::asio::awaitable<void> run(Parts parts);

private:
    struct Prepared;
    using Result = admin::ReloadResult;

    boost::asio::awaitable<Result> ask();
    boost::asio::awaitable<void> carry_out();
    boost::asio::awaitable<Result> try_it();
    boost::asio::awaitable<bool> open_in_store(Prepared& next, Result& result);
    void check(const config::Config& next, Result& result) const;
    boost::asio::awaitable<void> warn_of_orphans(Result& result) const;
    void build(Prepared& next, Result& result);
    Pollers::Owned swap(Prepared next);
    [[nodiscard]] Result refused(std::string why) const;
    void note(Result result);

    base::Clock& clock_;
    Load load_;
    Parts parts_;
    admin::Reloading state_;
    std::unique_ptr<base::Timer> wake_;
    base::Condition answered_one_;
    std::uint64_t asked_ = 0;
    std::uint64_t answered_ = 0;
    bool busy_ = false;
    bool closed_ = false;
};

}  // namespace pollhook::service
