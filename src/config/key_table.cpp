#include "key_table.hpp"

#include "row.hpp"

#include <chrono>

namespace pollhook::config {
namespace {

using namespace std::chrono_literals;

constexpr double ms(Duration duration)
{
    return static_cast<double>(duration.count());
}

constexpr double kib = 1024;
constexpr double mib = 1024 * kib;
constexpr double tib = 1024 * 1024 * mib;
constexpr double day = ms(24h);

}  // namespace

template <>
const std::vector<Row<Daemon>>& rows<Daemon>()
{
    static const std::vector<Row<Daemon>> all{
        row<Daemon, &Daemon::state_dir>(
            {.table = "daemon",
             .key = "state_dir",
             .type = ValueType::path,
             .text = "Where the database and the lock live; absolute.",
             .reload = Reload::restart,
             .default_text = R"("$STATE_DIRECTORY, else ~/.local/state/pollhook")"}
        ),
        row<Daemon, &Daemon::log_level>(
            {.table = "daemon",
             .key = "log_level",
             .type = ValueType::choice,
             .text = "The least serious message that is logged."}
        ),
        row<Daemon, &Daemon::log_format>(
            {.table = "daemon",
             .key = "log_format",
             .type = ValueType::choice,
             .text = "How log lines look; auto adapts to the journal.",
             .reload = Reload::restart}
        ),
        row<Daemon, &Daemon::shutdown_grace>(
            {.table = "daemon",
             .key = "shutdown_grace",
             .type = ValueType::duration,
             .text = "How long requests under way may take after SIGTERM.",
             .minimum = 0,
             .maximum = ms(10min)}
        )
    };
    return all;
}

template <>
const std::vector<Row<Store>>& rows<Store>()
{
    static const std::vector<Row<Store>> all{
        row<Store, &Store::file>(
            {.table = "store",
             .key = "file",
             .type = ValueType::file_name,
             .text = "The database file, within state_dir.",
             .reload = Reload::restart}
        ),
        row<Store, &Store::synchronous>(
            {.table = "store",
             .key = "synchronous",
             .type = ValueType::choice,
             .text = "full survives a power cut; normal may lose the last moments before one.",
             .reload = Reload::restart}
        ),
        row<Store, &Store::retention>(
            {.table = "store",
             .key = "retention",
             .type = ValueType::duration,
             .text = "How long finished tasks are kept, with all that hangs on them.",
             .minimum = ms(1min),
             .maximum = 3650 * day}
        ),
        row<Store, &Store::max_size>(
            {.table = "store",
             .key = "max_size",
             .type = ValueType::size,
             .text = "The size above which the store takes no new tasks.",
             .minimum = 16 * mib,
             .maximum = 64 * tib}
        )
    };
    return all;
}

template <>
const std::vector<Row<Admin>>& rows<Admin>()
{
    static const std::vector<Row<Admin>> all{
        row<Admin, &Admin::listen>(
            {.table = "admin",
             .key = "listen",
             .type = ValueType::addresses,
             .text = "Addresses it listens on: TCP or unix sockets.",
             .reload = Reload::restart}
        ),
        row<Admin, &Admin::token>(
            {.table = "admin",
             .key = "token",
             .type = ValueType::secret,
             .text = "What writes must present; needed for any address that is not loopback or unix."}
        ),
        row<Admin, &Admin::hosts>(
            {.table = "admin",
             .key = "hosts",
             .type = ValueType::hosts,
             .text = "Further names that the Host header may carry."}
        )
    };
    return all;
}

template <>
const std::vector<Row<Provider>>& rows<Provider>()
{
    static const std::vector<Row<Provider>> all{
        row<Provider, &Provider::name>(
            {.table = "provider",
             .key = "name",
             .type = ValueType::name,
             .text = "Your name for it, part of every task's key.",
             .required = true}
        ),
        row<Provider, &Provider::type>(
            {.table = "provider",
             .key = "type",
             .type = ValueType::choice,
             .text = "The dialect it speaks.",
             .required = true}
        ),
        row<Provider, &Provider::base_url>(
            {.table = "provider",
             .key = "base_url",
             .type = ValueType::base_url,
             .text = "Where its API lives; paths are appended.",
             .required = true}
        ),
        row<Provider, &Provider::api_key>(
            {.table = "provider",
             .key = "api_key",
             .type = ValueType::secret,
             .text = "The account's key.",
             .required = true}
        ),
        row<Provider, &Provider::auth>(
            {.table = "provider",
             .key = "auth",
             .type = ValueType::choice,
             .text = "How the key is sent.",
             .fits = "midjourney-proxy"}
        ),
        row<Provider, &Provider::poll_interval>(
            {.table = "provider",
             .key = "poll_interval",
             .type = ValueType::duration,
             .text = "The least time between two looks at one task.",
             .minimum = ms(10ms),
             .maximum = day}
        ),
        row<Provider, &Provider::max_poll_interval>(
            {.table = "provider",
             .key = "max_poll_interval",
             .type = ValueType::duration,
             .text = "An unchanged task is looked at less and less, down to this.",
             .minimum = ms(10ms),
             .maximum = day}
        ),
        row<Provider, &Provider::batch_size>(
            {.table = "provider",
             .key = "batch_size",
             .type = ValueType::integer,
             .text = "The most task ids in one request.",
             .minimum = 1,
             .maximum = 1000,
             .fits = "midjourney-proxy"}
        ),
        row<Provider, &Provider::page_size>(
            {.table = "provider",
             .key = "page_size",
             .type = ValueType::integer,
             .text = "Tasks on one page of the account's newest ones.",
             .minimum = 5,
             .maximum = 20,
             .fits = "ohmygpt"}
        ),
        row<Provider, &Provider::discover>(
            {.table = "provider",
             .key = "discover",
             .type = ValueType::boolean,
             .text = "Watch every task that the newest pages show.",
             .fits = "ohmygpt"}
        ),
        row<Provider, &Provider::max_in_flight>(
            {.table = "provider",
             .key = "max_in_flight",
             .type = ValueType::integer,
             .text = "The most requests at a time.",
             .minimum = 1,
             .maximum = 256}
        ),
        row<Provider, &Provider::max_requests_per_second>(
            {.table = "provider",
             .key = "max_requests_per_second",
             .type = ValueType::number,
             .text = "The most requests in a second.",
             .minimum = 0.001,
             .maximum = 10000}
        ),
        row<Provider, &Provider::request_timeout>(
            {.table = "provider",
             .key = "request_timeout",
             .type = ValueType::duration,
             .text = "For one whole request.",
             .minimum = ms(100ms),
             .maximum = ms(10min)}
        ),
        row<Provider, &Provider::missing_grace>(
            {.table = "provider",
             .key = "missing_grace",
             .type = ValueType::duration,
             .text = "How long after its registration a task may be unknown to the relay.",
             .minimum = 0,
             .maximum = day}
        ),
        row<Provider, &Provider::lost_after, &LostAfter::misses>(
            {.table = "provider",
             .key = "lost_after.misses",
             .type = ValueType::integer,
             .text = "A task is lost after being left out this many times in a row ...",
             .minimum = 1,
             .maximum = 1000}
        ),
        row<Provider, &Provider::lost_after, &LostAfter::time>(
            {.table = "provider",
             .key = "lost_after.time",
             .type = ValueType::duration,
             .text = "... over at least this long.",
             .minimum = 0,
             .maximum = 7 * day}
        ),
        row<Provider, &Provider::stalled_after>(
            {.table = "provider",
             .key = "stalled_after",
             .type = ValueType::duration,
             .text = "A task without a change for this long is announced as stalled, once.",
             .minimum = ms(100ms),
             .maximum = 30 * day}
        ),
        row<Provider, &Provider::max_age>(
            {.table = "provider",
             .key = "max_age",
             .type = ValueType::duration,
             .text = "A task that is not finished by then expires.",
             .minimum = ms(100ms),
             .maximum = 365 * day}
        )
    };
    return all;
}

template <>
const std::vector<Row<TaskWebhooks>>& rows<TaskWebhooks>()
{
    static const std::vector<Row<TaskWebhooks>> all{
        row<TaskWebhooks, &TaskWebhooks::enabled>(
            {.table = "task_webhooks",
             .key = "enabled",
             .type = ValueType::boolean,
             .text = "Whether anything is sent to them at all."}
        ),
        row<TaskWebhooks, &TaskWebhooks::format>(
            {.table = "task_webhooks",
             .key = "format",
             .type = ValueType::choice,
             .text = "The form of the body."}
        ),
        row<TaskWebhooks, &TaskWebhooks::events>(
            {.table = "task_webhooks",
             .key = "events",
             .type = ValueType::event_patterns,
             .text = "The event types that are sent."}
        ),
        row<TaskWebhooks, &TaskWebhooks::order>(
            {.table = "task_webhooks",
             .key = "order",
             .type = ValueType::choice,
             .text = "block sends every event in turn; latest skips progress that is already outdated."}
        ),
        row<TaskWebhooks, &TaskWebhooks::signing_secret>(
            {.table = "task_webhooks",
             .key = "signing_secret",
             .type = ValueType::signing_secret,
             .text = "Signs every request (Standard Webhooks); starts with whsec_."}
        ),
        row<TaskWebhooks, &TaskWebhooks::allow_networks>(
            {.table = "task_webhooks",
             .key = "allow_networks",
             .type = ValueType::networks,
             .text = "Private networks that these URLs may reach."}
        ),
        row<TaskWebhooks, &TaskWebhooks::allow_http>(
            {.table = "task_webhooks",
             .key = "allow_http",
             .type = ValueType::boolean,
             .text = "Accept plain http:// URLs."}
        )
    };
    return all;
}

template <>
const std::vector<Row<Sink>>& rows<Sink>()
{
    static const std::vector<Row<Sink>> all{
        row<Sink, &Sink::name>(
            {.table = "sink",
             .key = "name",
             .type = ValueType::name,
             .text = "Your name for it.",
             .required = true}
        ),
        row<Sink, &Sink::type>(
            {.table = "sink",
             .key = "type",
             .type = ValueType::choice,
             .text = "Where the events go.",
             .required = true}
        ),
        row<Sink, &Sink::url>(
            {.table = "sink",
             .key = "url",
             .type = ValueType::url,
             .text = "Where they are posted to; any address.",
             .fits = "webhook",
             .required = true}
        ),
        row<Sink, &Sink::path>(
            {.table = "sink",
             .key = "path",
             .type = ValueType::path,
             .text = "The file that they are appended to, one JSON object a line; absolute.",
             .fits = "file",
             .required = true}
        ),
        row<Sink, &Sink::format>(
            {.table = "sink", .key = "format", .type = ValueType::choice, .text = "The form of an event."}
        ),
        row<Sink, &Sink::secret>(
            {.table = "sink",
             .key = "secret",
             .type = ValueType::signing_secret,
             .text = "Signs every request (Standard Webhooks); starts with whsec_.",
             .fits = "webhook"}
        ),
        row<Sink, &Sink::previous_secrets>(
            {.table = "sink",
             .key = "previous_secrets",
             .type = ValueType::signing_secrets,
             .text = "Sign as well, until every receiver knows the new secret.",
             .fits = "webhook"}
        ),
        row<Sink, &Sink::events>(
            {.table = "sink",
             .key = "events",
             .type = ValueType::event_patterns,
             .text = "The event types that are sent."}
        ),
        row<Sink, &Sink::providers>(
            {.table = "sink",
             .key = "providers",
             .type = ValueType::names,
             .text = "Only tasks of these providers; empty: all."}
        ),
        row<Sink, &Sink::min_progress_step>(
            {.table = "sink",
             .key = "min_progress_step",
             .type = ValueType::integer,
             .text = "Announce progress only every so many percent points.",
             .minimum = 1,
             .maximum = 100}
        ),
        row<Sink, &Sink::order>(
            {.table = "sink",
             .key = "order",
             .type = ValueType::choice,
             .text = "block sends every event in turn; latest skips progress that is already outdated."}
        ),
        row<Sink, &Sink::headers>(
            {.table = "sink",
             .key = "headers",
             .type = ValueType::headers,
             .text = "Headers to add; a value may be a secret.",
             .fits = "webhook"}
        ),
        row<Sink, &Sink::max_in_flight>(
            {.table = "sink",
             .key = "max_in_flight",
             .type = ValueType::integer,
             .text = "The most requests at a time; else as in [delivery].",
             .minimum = 1,
             .maximum = 10000,
             .fits = "webhook"}
        ),
        row<Sink, &Sink::max_per_second>(
            {.table = "sink",
             .key = "max_per_second",
             .type = ValueType::number,
             .text = "The most requests in a second; else unlimited.",
             .minimum = 0.001,
             .maximum = 100000,
             .fits = "webhook"}
        ),
        row<Sink, &Sink::attempt_timeout>(
            {.table = "sink",
             .key = "attempt_timeout",
             .type = ValueType::duration,
             .text = "For one whole attempt; else as in [delivery].",
             .minimum = ms(100ms),
             .maximum = ms(10min),
             .fits = "webhook"}
        ),
        row<Sink, &Sink::retry_schedule>(
            {.table = "sink",
             .key = "retry_schedule",
             .type = ValueType::durations,
             .text = "The pauses between attempts; else as in [delivery].",
             .minimum = 1,
             .maximum = 30 * day}
        )
    };
    return all;
}

template <>
const std::vector<Row<Delivery>>& rows<Delivery>()
{
    static const std::vector<Row<Delivery>> all{
        row<Delivery, &Delivery::max_in_flight>(
            {.table = "delivery",
             .key = "max_in_flight",
             .type = ValueType::integer,
             .text = "The most requests at a time.",
             .minimum = 1,
             .maximum = 10000}
        ),
        row<Delivery, &Delivery::max_in_flight_per_origin>(
            {.table = "delivery",
             .key = "max_in_flight_per_origin",
             .type = ValueType::integer,
             .text = "The most to one scheme, host and port.",
             .minimum = 1,
             .maximum = 10000}
        ),
        row<Delivery, &Delivery::attempt_timeout>(
            {.table = "delivery",
             .key = "attempt_timeout",
             .type = ValueType::duration,
             .text = "For one whole attempt, look-up to answer.",
             .minimum = ms(100ms),
             .maximum = ms(10min)}
        ),
        row<Delivery, &Delivery::connect_timeout>(
            {.table = "delivery",
             .key = "connect_timeout",
             .type = ValueType::duration,
             .text = "For the connection alone.",
             .minimum = ms(10ms),
             .maximum = ms(2min)}
        ),
        row<Delivery, &Delivery::response_limit>(
            {.table = "delivery",
             .key = "response_limit",
             .type = ValueType::size,
             .text = "How much of an answer is read at most.",
             .minimum = kib,
             .maximum = 16 * mib}
        ),
        row<Delivery, &Delivery::retry_schedule>(
            {.table = "delivery",
             .key = "retry_schedule",
             .type = ValueType::durations,
             .text = "The pauses between attempts; after the last one the delivery is dead.",
             .minimum = 1,
             .maximum = 30 * day}
        )
    };
    return all;
}

}  // namespace pollhook::config
