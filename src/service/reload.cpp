#include "reload.hpp"

#include "orphans.hpp"
#include "pollhook/base/log.hpp"
#include "pollhook/base/run_on.hpp"
#include "pollhook/base/text.hpp"
#include "pollhook/config/setting_error.hpp"
#include "pollhook/config/show.hpp"
#include "pollhook/provider/factory.hpp"
#include "pollhook/service/notify.hpp"
#include "pollhook/store/failure.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

namespace pollhook::service {

namespace asio = boost::asio;

namespace {

template <class Section>
const Section* find(const std::vector<Section>& sections, const std::string& name)
{
    const auto found = std::ranges::find(sections, name, &Section::name);
    return found == sections.end() ? nullptr : &*found;
}

}  // namespace

/// A configuration with everything that it needs to run.
struct Reload::Prepared {
    config::Config config;
    Guard guard;
    std::unique_ptr<poll::Routing> routing;
    delivery::Dispatcher::Next delivery;
    std::vector<std::shared_ptr<provider::Provider>> providers;  // of the config's; null: as before
    Pollers::Owned new_pollers;                                  // of those that are new, in their order
};

Reload::Reload(base::Clock& clock, Load load)
    : clock_(clock),
      load_(std::move(load)),
      wake_(clock.make_timer()),
      answered_one_(clock)
{
    if (!load_)
        return;
    state_.reload = [this] { return ask(); };
    state_.request = [this] { return request(); };
}

bool Reload::request()
{
    if (closed_ || !load_)
        return false;
    ++asked_;
    wake_->wake();
    return true;
}

void Reload::close()
{
    closed_ = true;
    answered_one_.wake_all();
}

asio::awaitable<Reload::Result> Reload::ask()
{
    if (!request())
        co_return refused("the daemon is stopping");
    const std::uint64_t mine = asked_;
    while (answered_ < mine && (busy_ || !closed_))
        co_await answered_one_.wait_until(base::SteadyPoint::max());
    if (answered_ < mine)
        co_return refused("the daemon is stopping");
    co_return *state_.last;
}

asio::awaitable<void> Reload::run(Parts parts)
{
    parts_ = std::move(parts);
    for (;;) {
        if (answered_ == asked_ || closed_)
            co_await wake_->wait_until(base::SteadyPoint::max());
        else
            co_await carry_out();
    }
}

asio::awaitable<void> Reload::carry_out()
{
    const std::uint64_t upto = asked_;
    busy_ = true;
    notify_reloading();
    // After log rotation; also when the new configuration is wrong.
    parts_.dispatcher->reopen_sinks();
    spdlog::info("sinks.reopened: reason=reload");
    Result result = co_await try_it();
    if (!closed_)
        notify("READY=1");
    note(std::move(result));
    answered_ = upto;
    busy_ = false;
    answered_one_.wake_all();
}

void Reload::note(Result result)
{
    result.at = clock_.now();
    if (result.succeeded())
        spdlog::info("config.reloaded: changes=\"{}\"", base::printable(result.changes.text(), 2000));
    else
        spdlog::error("config.not_reloaded: errors={} next=\"the old one goes on\"", result.errors.size());
    for (const std::string& error : result.errors)
        spdlog::error("config.error: error=\"{}\"", base::printable(error, 500));
    ++state_.count;
    state_.last = std::move(result);
}

Reload::Result Reload::refused(std::string why) const
{
    Result result;
    result.kind = Result::Kind::refused;
    result.at = clock_.now();
    result.errors.push_back(std::move(why));
    return result;
}

asio::awaitable<Reload::Result> Reload::try_it()
{
    asio::awaitable<config::Loaded> reading = base::run_on(parts_.reader, load_);
    config::Loaded loaded = co_await std::move(reading);
    Result result;
    if (!loaded) {
        for (const config::Diagnostic& one : loaded.error().all)
            result.errors.push_back(one.text());
    } else
        check(*loaded, result);
    Prepared next;
    if (result.errors.empty()) {
        next.config = std::move(*loaded);
        result.changes = config::changes_between(*parts_.config, next.config);
        build(next, result);
    }
    if (!result.errors.empty()) {
        result.kind = Result::Kind::wrong;
        result.changes = {};
        co_return result;
    }
    const bool opened = co_await open_in_store(next, result);
    if (!opened)
        co_return result;
    // From here on nothing can fail.
    Pollers::Owned former = swap(std::move(next));
    co_await parts_.pollers->retire(std::move(former));
    if (!result.changes.providers.removed.empty())
        co_await warn_of_orphans(result);
    co_return result;
}

/// Tasks of providers that this reload took away. `result` belongs to try_it(), which waits.
asio::awaitable<void> Reload::warn_of_orphans(Result& result) const
{
    const auto totals = co_await parts_.store->totals();
    if (!totals)
        co_return;  // people's queries may fail; the reload is done
    const std::vector<std::string>& removed = result.changes.providers.removed;
    for (const Orphans& some : orphans(*totals, parts_.config->providers)) {
        if (std::ranges::find(removed, some.provider) == removed.end())
            continue;  // it was told of when that was removed, or at the start
        warn_of(some);
        result.warnings.push_back(some.text());
    }
}

/// What a good configuration may not say to a daemon that runs.
void Reload::check(const config::Config& next, Result& result) const
{
    const auto refuse = [&](std::string_view table, std::string_view key, std::string message) {
        const config::Diagnostic wrong{
            .place = next.positions.of(table, key), .message = std::move(message), .hint = {}
        };
        result.errors.push_back(wrong.text());
    };
    for (const std::string& path : config::restart_needed(*parts_.config, next)) {
        const std::size_t dot = path.find('.');
        refuse(
            path.substr(0, dot),
            path.substr(dot + 1),
            fmt::format("\"{}\" changed: that needs a restart of the daemon", path)
        );
    }
    // Sockets that systemd passed stand in no configuration.
    for (const auto& endpoint : parts_.server->endpoints())
        if (!endpoint.address().is_loopback() && next.admin.token.empty())
            refuse(
                "admin",
                "token",
                fmt::format(
                    "\"admin.token\" is missing: the daemon listens on {}", endpoint.address().to_string()
                )
            );
}

/// Makes what is new. What goes on as it is stays null.
void Reload::build(Prepared& next, Result& result)
{
    const config::Config& now = *parts_.config;
    const config::Config& then = next.config;
    const bool same_delivery = now.delivery == then.delivery;
    const auto attempt = [&](const std::string& table, const auto& make) {
        try {
            make();
        } catch (const config::SettingError& problem) {
            result.errors.push_back(diagnose(problem, then, table).text());
        }
    };

    next.guard = *parts_.guard;
    if (now.task_webhooks != then.task_webhooks)
        next.guard = make_guard(then.task_webhooks, parts_.server->endpoints());
    next.delivery.settings = then.delivery;
    next.delivery.task_webhooks = then.task_webhooks;
    if (now.task_webhooks != then.task_webhooks || !same_delivery)
        attempt("task_webhooks", [&] {
            next.delivery.task_webhook_sink = make_task_webhooks(then, next.guard, parts_.sinks);
        });
    for (const config::Sink& settings : then.sinks) {
        delivery::Dispatcher::NextSink& sink = next.delivery.sinks.emplace_back();
        sink.settings = settings;
        const config::Sink* const before = find(now.sinks, settings.name);
        const bool times_count = settings.type == config::SinkType::webhook && !same_delivery;
        if (before == nullptr || times_count || !sink::goes_on(*before, settings))
            attempt("sink " + settings.name, [&] {
                sink.sink = sink::make_sink(settings, then.delivery, parts_.sinks);
            });
    }
    for (const config::Provider& settings : then.providers) {
        std::shared_ptr<provider::Provider>& provider = next.providers.emplace_back();
        const config::Provider* const before = find(now.providers, settings.name);
        if (before == nullptr || *before != settings)
            attempt("provider " + settings.name, [&] {
                provider = provider::make_provider(settings, clock_, *parts_.client);
            });
    }
}

/// The rows of the sinks, and what the store knows of those who are new. False: it could not be done, and
/// the result says why.
asio::awaitable<bool> Reload::open_in_store(Prepared& next, Result& result)
{
    if (closed_) {
        result = refused("the daemon is stopping");
        co_return false;
    }
    std::vector<store::SinkOpening> openings = sink_openings(next.config.sinks);
    auto rows = co_await parts_.store->open_sinks(std::move(openings));
    if (!rows && rows.error() == store::Errc::full) {
        result.kind = Result::Kind::failed;
        result.changes = {};
        result.errors.emplace_back("the store is full, so that no sink can be added");
        co_return false;
    }
    store::throw_if_failed(rows);
    for (std::size_t i = 0; i < rows->size(); ++i) {
        delivery::Dispatcher::NextSink& sink = next.delivery.sinks[i];
        sink.row = (*rows)[i];
        if (find(parts_.config->sinks, sink.settings.name) != nullptr)
            continue;
        auto failing = co_await parts_.store->meta(store::failing_note("sink/" + sink.settings.name));
        store::throw_if_failed(failing);
        sink.failing = failing->value_or("") == "1";
    }
    next.routing = std::make_unique<poll::Routing>(next.config.task_webhooks, next.config.sinks, *rows);
    for (std::size_t i = 0; i < next.config.providers.size(); ++i) {
        const config::Provider& settings = next.config.providers[i];
        if (parts_.pollers->find(settings.name) != nullptr)
            continue;
        poll::Surroundings around;
        around.store = parts_.store;
        around.clock = &clock_;
        around.random = parts_.random;
        around.routing = next.routing.get();
        around.intake = parts_.dispatcher;
        around.announcements = parts_.dispatcher;
        around.guard = next.guard.get();
        next.new_pollers.push_back(std::make_unique<poll::Poller>(settings, next.providers[i], around));
        auto loaded = co_await next.new_pollers.back()->load();
        store::throw_if_failed(loaded);
    }
    if (closed_)
        result = refused("the daemon is stopping");
    co_return !closed_;
}

/// The one point at which the daemon changes. Gives the pollers of providers that are gone.
// NOLINTNEXTLINE(readability-make-member-function-const): it changes all that parts_ points to
Pollers::Owned Reload::swap(Prepared next)
{
    const config::Config& then = next.config;
    if (then.daemon.log_level != parts_.config->daemon.log_level)
        base::set_up_logging(then.daemon.log_level, then.daemon.log_format);
    const http::ClientOptions limits = client_options(then);
    parts_.client->keep_idle(limits.max_idle, limits.max_idle_per_origin);
    parts_.store->set_max_size(then.store.max_size);
    parts_.dispatcher->adopt(std::move(next.delivery));

    Pollers::Owned former = parts_.pollers->take();
    Pollers::Owned pollers;
    std::vector<const poll::Poller*> started;
    auto fresh = next.new_pollers.begin();
    for (std::size_t i = 0; i < then.providers.size(); ++i) {
        const config::Provider& settings = then.providers[i];
        const auto known = std::ranges::find_if(former, [&](const auto& poller) {
            return poller != nullptr && poller->name() == settings.name;
        });
        if (known == former.end()) {
            started.push_back(fresh->get());
            pollers.push_back(std::move(*fresh++));
            continue;
        }
        poll::Poller::Next change;
        change.settings = settings;
        change.provider = std::move(next.providers[i]);
        change.routing = next.routing.get();
        change.guard = next.guard.get();
        (*known)->adopt(std::move(change));
        pollers.push_back(std::move(*known));
    }
    std::erase(former, nullptr);
    for (const auto& poller : former)
        poller->adopt(*next.routing, *next.guard);
    parts_.pollers->replace(std::move(pollers), started);
    admin::Access access(then.admin, parts_.server->endpoints());
    parts_.api->adopt(std::move(access), parts_.pollers->list(), next.guard.get(), then.store.max_size);

    *parts_.routing = std::move(next.routing);
    *parts_.guard = std::move(next.guard);
    *parts_.config = std::move(next.config);
    return former;
}

}  // namespace pollhook::service
