#include "pollhook/service/daemon.hpp"

#include "housekeeping.hpp"
#include "orphans.hpp"
#include "parts.hpp"
#include "pollers.hpp"
#include "pollhook/admin/api.hpp"
#include "pollhook/base/random.hpp"
#include "pollhook/base/task_group.hpp"
#include "pollhook/base/text.hpp"
#include "pollhook/base/version.hpp"
#include "pollhook/delivery/dispatcher.hpp"
#include "pollhook/http/address_guard.hpp"
#include "pollhook/http/client.hpp"
#include "pollhook/http/server.hpp"
#include "pollhook/poll/poller.hpp"
#include "pollhook/poll/routing.hpp"
#include "pollhook/provider/factory.hpp"
#include "pollhook/service/notify.hpp"
#include "pollhook/service/store_options.hpp"
#include "pollhook/sink/factory.hpp"
#include "pollhook/store/failure.hpp"
#include "pollhook/store/sqlite_store.hpp"
#include "reload.hpp"
#include "watchdog.hpp"

#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

namespace pollhook::service {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr base::Duration server_grace = 2s;

store::SqliteOptions store_options_on(const Machine& machine, const config::Config& config)
{
    store::SqliteOptions options = store_options(config);
    options.vfs = machine.vfs;
    options.writer = machine.store_writer;
    options.reader = machine.store_reader;
    return options;
}

http::ServerOptions server_options(const config::Admin& admin, std::vector<int> passed)
{
    http::ServerOptions options;
    options.streams_body = &admin::Api::streams_body;
    options.passed = std::move(passed);
    if (!options.passed.empty())
        return options;
    for (const config::ListenAddress& address : admin.listen)
        options.listen.push_back(address.text());
    return options;
}

/// The configuration does not know about sockets that were passed, so its own check does not cover them.
void check_reach(const http::Server& server, const config::Admin& admin)
{
    for (const auto& endpoint : server.endpoints())
        if (!endpoint.address().is_loopback() && admin.token.empty())
            throw config::SettingError(
                "token",
                fmt::format("{} is open to others, so it needs admin.token", endpoint.address().to_string())
            );
}

/// What `make` makes. A setting that it cannot use is thrown on with the place where it stands.
template <class Make>
auto located(const config::Config& config, const std::string& table, const Make& make)
{
    try {
        return make();
    } catch (const config::SettingError& problem) {
        throw config::SettingError(problem.key(), diagnose(problem, config, table).text());
    }
}

}  // namespace

class Daemon::Impl {
public:
    Impl(asio::io_context& loop, base::Clock& clock, config::Config config, Machine machine, Load load)
        : loop_(loop),
          clock_(clock),
          config_(std::move(config)),
          machine_(std::move(machine)),
          random_(machine_.random ? *machine_.random : base::Random::from_system()),
          pollers_(loop.get_executor(), clock),
          reload_(clock, std::move(load)),
          stop_requested_(clock.make_timer()),
          pollers_left_(clock.make_timer())
    {
    }

    asio::awaitable<void> run(std::function<void()> on_ready);
    void stop();
    void reload() { reload_.request(); }
    asio::awaitable<http::ServerResponse> respond(const http::ServerRequest& request)
    {
        return api_->respond(request);
    }
    [[nodiscard]] std::vector<asio::ip::tcp::endpoint> admin_endpoints() const
    {
        return server_->endpoints();
    }

private:
    asio::awaitable<void> set_up();
    [[nodiscard]] std::unique_ptr<http::Client> make_client();
    [[nodiscard]] Reload::Parts parts_of_reload();
    [[nodiscard]] Watched watched();
    [[nodiscard]] sink::Surroundings around_sinks();
    asio::awaitable<void> set_up_delivery();
    asio::awaitable<void> set_up_polling();
    asio::awaitable<void> warn_of_orphans();
    asio::awaitable<void> serve(std::function<void()> on_ready);
    asio::awaitable<void> poll();
    asio::awaitable<void> stop_in_order(base::TaskGroup& services);
    asio::awaitable<void> tear_down();

    asio::io_context& loop_;
    base::Clock& clock_;
    config::Config config_;
    Machine machine_;
    base::Random random_;
    asio::thread_pool file_writer_{2};  // a reader of stdout that is stuck must not hold up the files

    std::unique_ptr<store::SqliteStore> store_;
    std::unique_ptr<http::Server> server_;
    Guard guard_;
    std::unique_ptr<http::Client> client_;
    std::unique_ptr<poll::Routing> routing_;
    std::unique_ptr<delivery::Dispatcher> dispatcher_;
    Pollers pollers_;
    std::optional<admin::Api> api_;
    Reload reload_;
    asio::thread_pool config_reader_{1};  // the files may lie on something slow

    std::unique_ptr<base::Timer> stop_requested_;
    std::unique_ptr<base::Timer> pollers_left_;
    bool stopping_ = false;
    bool polling_ = false;
};

asio::awaitable<void> Daemon::Impl::run(std::function<void()> on_ready)
{
    std::exception_ptr failure;
    try {
        co_await set_up();
        co_await serve(std::move(on_ready));
    } catch (...) {
        failure = std::current_exception();
    }
    notify("STOPPING=1");
    co_await tear_down();
    if (failure)
        std::rethrow_exception(failure);
}

asio::awaitable<void> Daemon::Impl::set_up()
{
    store_ = std::make_unique<store::SqliteStore>(loop_.get_executor(), store_options_on(machine_, config_));
    const auto respond = [this](const http::ServerRequest& request) { return api_->respond(request); };
    server_ = std::make_unique<http::Server>(
        loop_, clock_, server_options(config_.admin, machine_.sockets), respond
    );
    server_->open();
    located(config_, "admin", [&] { check_reach(*server_, config_.admin); });
    guard_ = make_guard(config_.task_webhooks, server_->endpoints());
    client_ = make_client();
    co_await set_up_delivery();
    co_await set_up_polling();
    co_await warn_of_orphans();

    admin::Api::Surroundings parts;
    parts.store = store_.get();
    parts.clock = &clock_;
    parts.dispatcher = dispatcher_.get();
    parts.guard = guard_.get();
    parts.pollers = pollers_.list();
    parts.reloading = &reload_.state();
    parts.commit_durations = &store_->commit_durations();
    parts.store_limit = config_.store.max_size;
    parts.retention = [this] { return config_.store.retention; };
    api_.emplace(admin::Access(config_.admin, server_->endpoints()), std::move(parts));
}

std::unique_ptr<http::Client> Daemon::Impl::make_client()
{
    http::ClientOptions options = client_options(config_);
    if (!machine_.connector)
        return std::make_unique<http::Client>(loop_, clock_, std::move(options));
    return std::make_unique<http::Client>(loop_, clock_, std::move(options), std::move(machine_.connector));
}

asio::awaitable<void> Daemon::Impl::set_up_delivery()
{
    std::vector<store::SinkOpening> openings = sink_openings(config_.sinks);
    auto rows = co_await store_->open_sinks(std::move(openings));
    store::throw_if_failed(rows);
    routing_ = std::make_unique<poll::Routing>(config_.task_webhooks, config_.sinks, *rows);

    delivery::Dispatcher::Surroundings parts;
    parts.store = store_.get();
    parts.clock = &clock_;
    parts.random = &random_;
    dispatcher_ = std::make_unique<delivery::Dispatcher>(loop_.get_executor(), config_.delivery, parts);

    const sink::Surroundings around = around_sinks();
    for (std::size_t i = 0; i < config_.sinks.size(); ++i)
        dispatcher_
            ->add_sink((*rows)[i], config_.sinks[i], located(config_, "sink " + config_.sinks[i].name, [&] {
                           return sink::make_sink(config_.sinks[i], config_.delivery, around);
                       }));
    dispatcher_->set_task_webhooks(config_.task_webhooks, located(config_, "task_webhooks", [&] {
                                       return make_task_webhooks(config_, guard_, around);
                                   }));
    auto loaded = co_await dispatcher_->load();
    store::throw_if_failed(loaded);
}

sink::Surroundings Daemon::Impl::around_sinks()
{
    sink::Surroundings around;
    around.clock = &clock_;
    around.client = client_.get();
    around.loop = loop_.get_executor();
    around.file_writer = file_writer_.get_executor();
    return around;
}

Reload::Parts Daemon::Impl::parts_of_reload()
{
    Reload::Parts parts;
    parts.reader = machine_.config_reader ? machine_.config_reader : config_reader_.get_executor();
    parts.random = &random_;
    parts.store = store_.get();
    parts.client = client_.get();
    parts.server = server_.get();
    parts.dispatcher = dispatcher_.get();
    parts.api = &*api_;
    parts.pollers = &pollers_;
    parts.sinks = around_sinks();
    parts.config = &config_;
    parts.routing = &routing_;
    parts.guard = &guard_;
    return parts;
}

Watched Daemon::Impl::watched()
{
    Watched parts;
    parts.clock = &clock_;
    parts.store = store_.get();
    parts.dispatcher = dispatcher_.get();
    parts.pollers = &pollers_;
    parts.stopping = &stopping_;
    return parts;
}

asio::awaitable<void> Daemon::Impl::set_up_polling()
{
    for (const config::Provider& settings : config_.providers) {
        poll::Surroundings parts;
        parts.store = store_.get();
        parts.clock = &clock_;
        parts.random = &random_;
        parts.routing = routing_.get();
        parts.intake = dispatcher_.get();
        parts.announcements = dispatcher_.get();
        parts.guard = guard_.get();
        auto provider = located(config_, "provider " + settings.name, [&] {
            return provider::make_provider(settings, clock_, *client_);
        });
        auto poller = std::make_unique<poll::Poller>(settings, std::move(provider), parts);
        auto loaded = co_await poller->load();
        store::throw_if_failed(loaded);
        spdlog::info(
            "provider.loaded: provider={} type={} tasks={}",
            settings.name,
            config::to_string(settings.type),
            poller->watched()
        );
        pollers_.add(std::move(poller));
    }
}

asio::awaitable<void> Daemon::Impl::warn_of_orphans()
{
    const auto totals = co_await store_->totals();
    store::throw_if_failed(totals);
    for (const Orphans& some : orphans(*totals, config_.providers))
        warn_of(some);
}

asio::awaitable<void> Daemon::Impl::serve(std::function<void()> on_ready)
{
    base::TaskGroup services(loop_.get_executor());
    polling_ = true;
    services.spawn(dispatcher_->run());
    services.spawn(poll());
    services.spawn(server_->run());
    services.spawn(keep_retention(clock_, *store_, config_.store.retention));
    services.spawn(keep_outbox_time(clock_, *store_, *dispatcher_));
    services.spawn(reload_.run(parts_of_reload()));
    if (const auto interval = watchdog_interval())
        services.spawn(feed_watchdog(watched(), *interval));
    services.spawn(stop_in_order(services));

    // Sockets that were passed take the place of the configuration's.
    for (const config::ListenAddress& address : config_.admin.listen)
        if (address.is_unix() && machine_.sockets.empty())
            spdlog::info("admin.listening: address={}", address.text());
    for (const auto& endpoint : server_->endpoints())
        spdlog::info(
            "admin.listening: address=http://{}:{}", endpoint.address().to_string(), endpoint.port()
        );
    spdlog::info(
        "daemon.ready: version={} providers={} sinks={} state_dir=\"{}\"",
        base::version(),
        config_.providers.size(),
        config_.sinks.size(),
        base::printable(config_.daemon.state_dir.string())
    );
    notify("READY=1");
    if (on_ready)
        on_ready();
    co_await services.join();
}

asio::awaitable<void> Daemon::Impl::poll()
{
    std::exception_ptr failure;
    try {
        co_await pollers_.run();
    } catch (...) {
        failure = std::current_exception();
    }
    polling_ = false;
    pollers_left_->wake();
    if (failure)
        std::rethrow_exception(failure);
}

asio::awaitable<void> Daemon::Impl::stop_in_order(base::TaskGroup& services)
{
    while (!stopping_)
        co_await stop_requested_->wait_until(base::SteadyPoint::max());
    notify("STOPPING=1");
    spdlog::info("daemon.stopping: grace={}", base::format_duration(config_.daemon.shutdown_grace));
    const base::SteadyPoint deadline = clock_.steady_now() + config_.daemon.shutdown_grace;
    dispatcher_->close_gate();  // what the last looks find is stored, and sent after the next start
    pollers_.cancel();
    while (polling_ && clock_.steady_now() < deadline)
        co_await pollers_left_->wait_until(deadline);
    co_await dispatcher_->stop(std::max(base::Duration(0), deadline - clock_.steady_now()));
    co_await note_outbox_time(*store_, *dispatcher_);
    co_await server_->stop(std::min(server_grace, config_.daemon.shutdown_grace));
    services.cancel();
}

asio::awaitable<void> Daemon::Impl::tear_down()
{
    if (client_)
        co_await client_->close();
    if (store_)
        co_await store_->close();
}

void Daemon::Impl::stop()
{
    stopping_ = true;
    reload_.close();
    stop_requested_->wake();
}

Daemon::Daemon(asio::io_context& loop, base::Clock& clock, config::Config config, Machine machine, Load load)
    : impl_(std::make_unique<Impl>(loop, clock, std::move(config), std::move(machine), std::move(load)))
{
}

Daemon::~Daemon() = default;

asio::awaitable<void> Daemon::run(std::function<void()> on_ready)
{
    return impl_->run(std::move(on_ready));
}

void Daemon::stop()
{
    impl_->stop();
}

void Daemon::reload()
{
    impl_->reload();
}

asio::awaitable<http::ServerResponse> Daemon::respond(const http::ServerRequest& request)
{
    return impl_->respond(request);
}

std::vector<asio::ip::tcp::endpoint> Daemon::admin_endpoints() const
{
    return impl_->admin_endpoints();
}

}  // namespace pollhook::service
