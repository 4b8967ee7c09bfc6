#pragma once

#include "disk.hpp"
#include "job_queue.hpp"
#include "network.hpp"
#include "pollhook/config/config.hpp"
#include "pollhook/http/server.hpp"
#include "pollhook/service/daemon.hpp"
#include "timeline.hpp"
#include "virtual_clock.hpp"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <exception>
#include <functional>
#include <list>
#include <optional>
#include <string>

namespace pollhook::simulation {

/// One life of the daemon, from its start to its end or its crash: the production code on a loop of its own.
class Process {
public:
    struct Surroundings {
        Timeline* timeline = nullptr;
        Network* network = nullptr;
        std::string vfs;
        /// The configuration file: read at the start and at each reload.
        std::function<config::Config()> read_config;
    };
    /// `boot` is the disk's.
    Process(Surroundings surroundings, std::uint64_t boot, std::uint64_t seed);
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;
    /// It has ended, or was abandoned.
    ~Process();

    [[nodiscard]] std::uint64_t boot() const noexcept { return boot_; }
    [[nodiscard]] bool is_ready() const noexcept { return ready_ && !stopping_ && !ended_; }
    [[nodiscard]] bool has_ended() const noexcept { return ended_; }
    [[nodiscard]] const std::exception_ptr& failure() const noexcept { return failure_; }
    /// When SIGTERM came; empty: it did not.
    [[nodiscard]] const std::optional<base::SteadyPoint>& stopped_at() const noexcept { return stopped_at_; }

    /// SIGTERM.
    void stop();
    /// SIGHUP.
    void reload() { daemon_->reload(); }
    /// Runs one piece of ready work; false when there is none.
    bool run_one()
    {
        loop_.restart();
        return loop_.poll_one() > 0;
    }
    /// The store's thread does one piece of its work, when it has any.
    [[nodiscard]] bool store_has_work() const noexcept { return !store_thread_.empty(); }
    void run_store_job() { store_thread_.run_one(); }
    [[nodiscard]] VirtualClock& clock() noexcept { return clock_; }

    /// A request to the admin API; `on_answer` is not called when the process dies before.
    using OnAnswer = std::function<void(const http::ServerResponse&)>;
    void request(http::ServerRequest request, OnAnswer on_answer);

    /// Winds up what is left of a process that died: nothing of it reaches the disk or the network any more.
    /// False when it does not end.
    bool abandon();

private:
    void start();
    void end(std::exception_ptr failure);

    Surroundings with_;
    std::uint64_t boot_;
    boost::asio::io_context loop_{1};
    VirtualClock clock_;
    JobQueue store_thread_;
    std::optional<service::Daemon> daemon_;
    bool ready_ = false;
    bool stopping_ = false;
    bool ended_ = false;
    bool dead_ = false;
    std::list<boost::asio::cancellation_signal> requests_;
    std::exception_ptr failure_;
    std::optional<base::SteadyPoint> stopped_at_;
};

}  // namespace pollhook::simulation
