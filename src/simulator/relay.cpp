#include "pollhook/simulator/relay.hpp"

#include "base_url.hpp"
#include "pollhook/base/random.hpp"
#include "pollhook/base/task_group.hpp"
#include "pollhook/simulator/faults.hpp"
#include "relay_routes.hpp"
#include "task_book.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <cmath>
#include <exception>
#include <stdexcept>
#include <utility>

namespace pollhook::simulator {

namespace asio = boost::asio;

std::optional<RelayAuth> parse_relay_auth(std::string_view name)
{
    if (name == "bearer")
        return RelayAuth::bearer;
    if (name == "raw")
        return RelayAuth::raw;
    if (name == "mj-api-secret")
        return RelayAuth::mj_api_secret;
    return std::nullopt;
}

class Relay::Impl {
public:
    Impl(asio::io_context& loop, base::Clock& clock, RelayOptions given)
        : clock_(clock),
          options_(std::move(given)),
          random_(options_.seed),
          book_(options_.max_tasks),
          routes_(clock, options_, book_, random_),
          server_(
              loop,
              clock,
              server_options(options_),
              [this](const http::ServerRequest& request) { return routes_.respond(request); }
          ),
          group_(loop.get_executor())
    {
        if (!(options_.speed > 0.0) || !std::isfinite(options_.speed))
            throw std::invalid_argument("the simulator's speed must be more than 0");
        routes_.set_faults(options_.faults);
        routes_.on_submit([this](TaskLife life) { return create(std::move(life)); });
        for (auto& [id, life] : options_.tasks)
            add(id, std::move(life));
    }

    void open()
    {
        server_.open();
        for (std::size_t i = 0; i < options_.initial_tasks; ++i)
            create(random_life(random_, options_.odds));
    }

    asio::awaitable<void> run();
    asio::awaitable<void> stop(base::Duration grace);

    SimulatedTask& add(std::string_view id, TaskLife life)
    {
        if (life.steps.empty())
            life.steps.emplace_back();
        SimulatedTask task;
        task.id = std::string(id);
        task.life = std::move(life);
        task.submitted_at = clock_.now();
        task.created_at = clock_.steady_now();
        task.speed = options_.speed;
        return book_.add(std::move(task));
    }

    /// Sixteen digits as relays make them: the time in microseconds, or one more than the last.
    std::string create(TaskLife life)
    {
        last_id_ = std::max(last_id_ + 1, base::to_unix_ms(clock_.now()) * 1000 + random_.between(0, 999));
        std::string id = std::to_string(last_id_);
        add(id, std::move(life));
        if (options_.on_created)
            options_.on_created(id);
        return id;
    }

    SimulatedTask& find_or_add(std::string_view id)
    {
        if (SimulatedTask* task = book_.find(id))
            return *task;
        return add(id, TaskLife());
    }

    base::Clock& clock_;
    RelayOptions options_;
    base::Random random_;
    TaskBook book_;
    RelayRoutes routes_;
    http::Server server_;

private:
    static http::ServerOptions server_options(const RelayOptions& options)
    {
        http::ServerOptions result;
        result.listen = options.listen;
        result.max_connections = options.max_connections;
        result.request_timeout = std::chrono::minutes(10);  // longer than a slow fault
        return result;
    }

    asio::awaitable<void> submit_tasks();

    base::TaskGroup group_;
    std::int64_t last_id_ = 0;
};

asio::awaitable<void> Relay::Impl::run()
{
    if (options_.tasks_per_minute > 0.0)
        group_.spawn(submit_tasks());
    std::exception_ptr failure;
    try {
        co_await server_.run();
    } catch (...) {
        failure = std::current_exception();
    }
    co_await asio::this_coro::reset_cancellation_state();
    group_.cancel();
    co_await group_.join();
    if (failure)
        std::rethrow_exception(failure);
}

asio::awaitable<void> Relay::Impl::stop(base::Duration grace)
{
    group_.cancel();
    co_await server_.stop(grace);
}

asio::awaitable<void> Relay::Impl::submit_tasks()
{
    for (;;) {
        // Arrivals of many independent users: exponential gaps.
        const double minutes = -std::log(1.0 - random_.unit()) / options_.tasks_per_minute;
        const base::Duration gap(static_cast<std::int64_t>(minutes * 60'000.0) + 1);
        const bool slept = co_await clock_.sleep_for(gap);
        if (!slept)
            co_return;
        create(random_life(random_, options_.odds));
    }
}

Relay::Relay(asio::io_context& loop, base::Clock& clock, RelayOptions options)
    : impl_(std::make_unique<Impl>(loop, clock, std::move(options)))
{
}

Relay::~Relay() = default;

void Relay::open()
{
    impl_->open();
}

asio::ip::tcp::endpoint Relay::endpoint() const
{
    const auto endpoints = impl_->server_.endpoints();
    return endpoints.empty() ? asio::ip::tcp::endpoint() : endpoints.front();
}

std::string Relay::base_url() const
{
    return base_url_of(endpoint());
}

asio::awaitable<void> Relay::run()
{
    return impl_->run();
}

asio::awaitable<void> Relay::stop(base::Duration grace)
{
    return impl_->stop(grace);
}

void Relay::add_task(std::string_view id, TaskLife life)
{
    impl_->add(id, std::move(life));
}

std::string Relay::add_random_task()
{
    return impl_->create(random_life(impl_->random_, impl_->options_.odds));
}

void Relay::set_task(std::string_view id, const boost::json::object& fields)
{
    SimulatedTask& task = impl_->find_or_add(id);
    for (const auto& [key, value] : fields)
        task.overrides[key] = value;
}

void Relay::fix_task(std::string_view id, boost::json::value item)
{
    impl_->find_or_add(id).fixed = std::move(item);
}

void Relay::remove_task(std::string_view id)
{
    impl_->book_.remove(id);
}

void Relay::poison(std::string_view id)
{
    impl_->routes_.poison(id);
}

std::optional<std::string> Relay::status_of(std::string_view id) const
{
    const SimulatedTask* task = impl_->book_.find(id);
    if (!task)
        return std::nullopt;
    const auto* const set = task->overrides.find("status");
    if (set != task->overrides.end() && set->value().is_string())
        return std::string(set->value().get_string());
    return task->life.steps[moment_of(*task, impl_->clock_.steady_now()).step].status;
}

std::vector<std::string> Relay::ids() const
{
    return impl_->book_.ids();
}

void Relay::set_faults(const std::vector<std::string>& specs)
{
    impl_->routes_.set_faults(specs);
}

const RelayCounters& Relay::counters() const noexcept
{
    return impl_->routes_.counters();
}

const http::ServerRequest& Relay::last_request() const noexcept
{
    return impl_->routes_.last_request();
}

}  // namespace pollhook::simulator
