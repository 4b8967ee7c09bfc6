#include "scenario.hpp"

#include <array>
#include <utility>

namespace pollhook::simulation {

using namespace std::chrono_literals;

namespace {

Troubles draw_troubles(base::Random& random)
{
    const auto draw = [&random](double odds) { return random.unit() < odds; };
    Troubles troubles;
    troubles.kills = draw(0.7);
    troubles.power_cuts = draw(0.7);
    troubles.restarts = draw(0.4);
    troubles.disk_errors = draw(0.4);
    troubles.disk_full = draw(0.2);
    troubles.slow_disk = draw(0.2);
    troubles.network = draw(0.6);
    troubles.receivers = draw(0.7);
    troubles.relays = draw(0.5);
    troubles.lies = draw(0.4);
    troubles.clock_jumps = draw(0.3);
    troubles.operators = draw(0.3);
    troubles.again = draw(0.4);
    return troubles;
}

config::Provider provider_of(const RelayPlan& plan, base::Random& random)
{
    config::Provider provider;
    provider.name = plan.provider;
    provider.type =
        plan.provider == "omg" ? config::ProviderType::ohmygpt : config::ProviderType::midjourney_proxy;
    provider.base_url = "https://" + plan.host;
    provider.api_key = config::Secret(plan.key);
    provider.auth = plan.auth;
    provider.poll_interval = random.unit() < 0.5 ? 5s : 2s;
    provider.max_poll_interval = random.unit() < 0.5 ? 60s : 20s;
    provider.discover = provider.type == config::ProviderType::ohmygpt && random.unit() < 0.3;
    provider.batch_size = random.unit() < 0.7 ? 50 : 3;
    return provider;
}

config::Sink sink_to(std::string name, const std::string& url, const std::string& secret)
{
    config::Sink sink;
    sink.name = std::move(name);
    sink.url = url;
    sink.secret = config::Secret(secret);
    return sink;
}

std::vector<config::Sink> draw_sinks(const Scenario& scenario, base::Random& random)
{
    std::vector<config::Sink> sinks;
    config::Sink ops = sink_to("ops", "https://ops.test/ops", scenario.signing_secret);
    ops.headers.push_back({.name = "X-Token", .value = config::Secret(scenario.sink_token)});
    ops.max_in_flight = static_cast<unsigned>(random.between(1, 8));
    if (random.unit() < 0.3)
        ops.max_per_second = 2;
    sinks.push_back(std::move(ops));
    if (random.unit() < 0.6) {
        config::Sink feed = sink_to("feed", "http://feed.test/feed", scenario.signing_secret);
        feed.order = config::Order::latest;
        feed.format = config::Format::cloudevents;
        sinks.push_back(std::move(feed));
    }
    if (random.unit() < 0.6) {
        // At the host that tasks' own URLs go to as well.
        config::Sink audit = sink_to("audit", "https://hook-a.test/audit", scenario.signing_secret);
        audit.events = {"task.*", "sink.*", "delivery.dead", "provider.*"};
        audit.min_progress_step = 10;
        sinks.push_back(std::move(audit));
    }
    if (random.unit() < 0.4) {
        config::Sink digest = sink_to("digest", "https://digest.test/digest", scenario.signing_secret);
        digest.format = config::Format::cloudevents;
        digest.batch =
            config::Batch{.max_events = static_cast<unsigned>(random.between(2, 9)), .max_delay = 2s};
        sinks.push_back(std::move(digest));
    }
    return sinks;
}

}  // namespace

Scenario::Scenario(std::uint64_t number)
    : seed(number),
      random(number * 0x9e3779b97f4a7c15U + 1),
      troubles(draw_troubles(random)),
      chaos(std::chrono::minutes(random.between(4, 12))),
      tasks(static_cast<std::size_t>(random.between(6, 24))),
      webhook_hosts{"hook-a.test", "hook-b.test", "hook-c.test"},
      sink_hosts{"ops.test", "feed.test", "digest.test"},
      signing_secret("whsec_cG9sbGhvb2stc2ltdWxhdGlvbi1zZWNyZXQtMDAx"),
      sink_token("canary-token-of-ops-5d41402abc4b2a76")
{
    constexpr std::array ways{config::Auth::bearer, config::Auth::raw, config::Auth::mj_api_secret};
    relays.push_back(
        {.provider = "mj",
         .host = "relay-a.test",
         .key = "canary-key-of-relay-a-7b52009b64fd0a2a",
         .auth = ways.at(static_cast<std::size_t>(random.between(0, 2)))}
    );
    relays.push_back(
        {.provider = "omg", .host = "relay-b.test", .key = "canary-key-of-relay-b-49e6d7939ad1f4e4"}
    );
    if (random.unit() < 0.3)
        webhook_hosts.emplace_back(rebinding_host);
    config.daemon.state_dir = state_dir;
    config.admin.listen.clear();
    config.admin.hosts = {"pollhook"};
    for (const RelayPlan& relay : relays)
        config.providers.push_back(provider_of(relay, random));
    config.task_webhooks.signing_secret = config::Secret(signing_secret);
    config.task_webhooks.order = random.unit() < 0.7 ? config::Order::block : config::Order::latest;
    config.sinks = draw_sinks(*this, random);
    config.delivery.max_in_flight = random.unit() < 0.7 ? 256 : 5;
    config.delivery.max_in_flight_per_origin = static_cast<unsigned>(random.between(2, 16));
    if (random.unit() < 0.7) {
        config.delivery.retry_schedule = {1s, 5s, 20s, 1min, 2min, 5min, 10min};
        config.delivery.rejected_retry_schedule = {2s, 20s, 3min};
    } else {
        config.delivery.retry_schedule = {5s, 30s, 2min};
        config.delivery.rejected_retry_schedule = {5s};
    }
    troubles.retention = random.unit() < 0.3;
    troubles.reloads = random.unit() < 0.3;
    if (troubles.retention)
        config.store.retention = std::chrono::seconds(random.between(60, 240));
}

config::Config Scenario::another_config(base::Random& draw) const
{
    const auto strikes = [&draw](double odds) { return draw.unit() < odds; };
    config::Config next = config;
    for (config::Provider& provider : next.providers) {
        provider.poll_interval = strikes(0.5) ? 5s : 10s;
        provider.max_requests_per_second = strikes(0.5) ? 5 : 0.1;
    }
    std::erase_if(next.sinks, [&](const config::Sink&) { return strikes(0.3); });
    for (config::Sink& sink : next.sinks) {
        if (strikes(0.4))
            sink.events = {"task.succeeded", "task.failed", "task.cancelled", "task.lost", "task.expired"};
        if (strikes(0.4))
            sink.order = sink.order == config::Order::block ? config::Order::latest : config::Order::block;
        if (strikes(0.4))
            sink.max_in_flight = static_cast<unsigned>(draw.between(1, 8));
        if (strikes(0.4))
            sink.max_per_second = strikes(0.5) ? 1 : 3;
    }
    if (strikes(0.5))
        next.task_webhooks.order = config::Order::latest;
    if (strikes(0.5)) {
        next.delivery.max_in_flight = strikes(0.5) ? 256 : 2;
        next.delivery.max_in_flight_per_origin = static_cast<unsigned>(draw.between(1, 3));
    }
    return next;
}

}  // namespace pollhook::simulation
