#include "process.hpp"

#include "pollhook/base/random.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include <memory>
#include <utility>

namespace pollhook::simulation {

namespace asio = boost::asio;

namespace {

asio::awaitable<http::ServerResponse> ask(
    service::Daemon& daemon, std::shared_ptr<const http::ServerRequest> request
)
{
    http::ServerResponse response = co_await daemon.respond(*request);
    co_return response;
}

}  // namespace

Process::Process(Surroundings surroundings, std::uint64_t boot, std::uint64_t seed)
    : with_(std::move(surroundings)),
      boot_(boot),
      clock_(*with_.timeline, loop_)
{
    service::Machine machine;
    machine.connector = with_.network->make_connector(clock_, boot_);
    machine.random = base::Random(seed);
    machine.vfs = with_.vfs;
    machine.store_writer = JobQueueExecutor(store_thread_, loop_);
    machine.store_reader = loop_.get_executor();
    machine.config_reader = loop_.get_executor();
    const auto load = [this]() -> config::Loaded { return with_.read_config(); };
    daemon_.emplace(loop_, clock_, with_.read_config(), std::move(machine), load);
    start();
}

Process::~Process() = default;

void Process::start()
{
    asio::co_spawn(loop_, daemon_->run([this] { ready_ = true; }), [this](std::exception_ptr failure) {
        end(std::move(failure));
    });
}

void Process::end(std::exception_ptr failure)
{
    ended_ = true;
    failure_ = std::move(failure);
    // As the server of the admin API does with what it has under way.
    for (asio::cancellation_signal& request : requests_)
        request.emit(asio::cancellation_type::terminal);
}

void Process::stop()
{
    if (stopping_)
        return;
    stopping_ = true;
    stopped_at_ = with_.timeline->now();
    daemon_->stop();
}

void Process::request(http::ServerRequest request, OnAnswer on_answer)
{
    const auto signal = requests_.emplace(requests_.end());
    auto kept = std::make_shared<const http::ServerRequest>(std::move(request));
    asio::co_spawn(
        loop_,
        ask(*daemon_, std::move(kept)),
        asio::bind_cancellation_slot(
            signal->slot(),
            [this, signal, on_answer = std::move(on_answer)](
                const std::exception_ptr& failure, const http::ServerResponse& response
            ) {
                requests_.erase(signal);
                if (!failure && !dead_)
                    on_answer(response);
            }
        )
    );
}

bool Process::abandon()
{
    constexpr int most_rounds = 10'000;
    dead_ = true;
    daemon_->stop();
    for (int round = 0; round < most_rounds; ++round) {
        loop_.restart();
        while (loop_.poll() > 0 || store_has_work())
            while (store_has_work())
                run_store_job();
        if (ended_ && requests_.empty())
            return true;
        if (!clock_.run_ahead())
            return false;
    }
    return false;
}

}  // namespace pollhook::simulation
