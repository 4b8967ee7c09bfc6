#pragma once

#include "commands.hpp"
#include "demo_screen.hpp"
#include "pollhook/base/clock.hpp"
#include "pollhook/base/task_group.hpp"
#include "pollhook/http/client.hpp"
#include "pollhook/service/daemon.hpp"
#include "pollhook/simulator/receiver.hpp"
#include "pollhook/simulator/relay.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace pollhook::cli {

/// A relay, the daemon and a receiver on one loop, and somebody who registers each new task at the admin API,
/// as a user would. What happens goes to standard output.
class Demo {
public:
    /// Binds relay and receiver. `loop` and `clock` must outlive it; `state_dir` holds the daemon's files.
    /// Throws std::system_error for addresses.
    Demo(
        boost::asio::io_context& loop,
        base::Clock& clock,
        const DemoOptions& options,
        const std::filesystem::path& state_dir
    );
    Demo(const Demo&) = delete;
    Demo& operator=(const Demo&) = delete;
    ~Demo();

    /// Runs until stop(), then in order to the end; throws as service::Daemon::run() does.
    boost::asio::awaitable<void> run();
    void stop();

private:
    void on_ready();
    boost::asio::awaitable<void> serve();
    boost::asio::awaitable<void> register_tasks();
    boost::asio::awaitable<void> register_task(std::string id);
    boost::asio::awaitable<void> watch_relay();
    boost::asio::awaitable<void> end_in_time();
    void show(const std::string& text);

    base::Clock& clock_;
    DemoOptions options_;
    DemoScreen screen_;
    base::SteadyPoint started_;
    bool stopping_ = false;
    std::size_t registered_ = 0;
    std::deque<std::string> created_;             ///< at the relay, and not yet registered
    std::map<std::string, std::string> watched_;  ///< running tasks and the relay's last word on them
    std::unique_ptr<base::Timer> new_task_;
    std::string secret_;
    http::Client client_;
    std::unique_ptr<simulator::Receiver> receiver_;
    std::unique_ptr<simulator::Relay> relay_;
    std::unique_ptr<service::Daemon> daemon_;
    base::TaskGroup servers_;
    base::TaskGroup chores_;
    http::Origin admin_;
};

}  // namespace pollhook::cli
