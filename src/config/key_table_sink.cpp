#include "key_table.hpp"
#include "ranges.hpp"
#include "row.hpp"

namespace pollhook::config {

using namespace std::chrono_literals;

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
        row<Sink, &Sink::enabled>(
            {.table = "sink",
             .key = "enabled",
             .type = ValueType::boolean,
             .text = "Whether it gets events; those of a sink that does not are kept for a replay."}
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
        row<Sink, &Sink::signing_key>(
            {.table = "sink",
             .key = "signing_key",
             .type = ValueType::signing_key,
             .text = "Signs with Ed25519 too (v1a); starts with whsk_.",
             .fits = "webhook"}
        ),
        row<Sink, &Sink::hub_secret>(
            {.table = "sink",
             .key = "hub_secret",
             .type = ValueType::pass_phrase,
             .text = "Adds X-Hub-Signature-256, a hexadecimal HMAC-SHA256 of the body.",
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
        row<Sink, &Sink::actions>(
            {.table = "sink",
             .key = "actions",
             .type = ValueType::words,
             .text = "Only tasks with these actions, as the relay spells them; empty: all."}
        ),
        row<Sink, &Sink::metadata>(
            {.table = "sink",
             .key = "metadata",
             .type = ValueType::metadata_filters,
             .text = "Only tasks whose metadata has these values."}
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
        ),
        row<Sink, &Sink::rejected_retry_schedule>(
            {.table = "sink",
             .key = "rejected_retry_schedule",
             .type = ValueType::durations,
             .text = "The same after an answer that hardly changes; else as in [delivery].",
             .minimum = 1,
             .maximum = 30 * day}
        ),
        row<Sink, &Sink::batch, &Batch::max_events>(
            {.table = "sink",
             .key = "batch.max_events",
             .type = ValueType::integer,
             .text = "Up to so many CloudEvents go in one request ...",
             .minimum = 2,
             .maximum = 100,
             .fits = "webhook"}
        ),
        row<Sink, &Sink::batch, &Batch::max_delay>(
            {.table = "sink",
             .key = "batch.max_delay",
             .type = ValueType::duration,
             .text = "... and the first of them waits at most so long.",
             .minimum = ms(10ms),
             .maximum = ms(1min),
             .fits = "webhook",
             .default_text = R"("1s")"}
        ),
        row<Sink, &Sink::webhook_origin>(
            {.table = "sink",
             .key = "webhook_origin",
             .type = ValueType::host,
             .text = "Our name; asks a receiver of CloudEvents for its consent first.",
             .fits = "webhook"}
        ),
        row<Sink, &Sink::proxy, &Proxy::url>(
            {.table = "sink",
             .key = "proxy",
             .type = ValueType::proxy_url,
             .text = "The HTTP proxy that requests go through.",
             .fits = "webhook"}
        ),
        row<Sink, &Sink::proxy, &Proxy::user>(
            {.table = "sink",
             .key = "proxy_user",
             .type = ValueType::user_name,
             .text = "The name that the proxy asks for.",
             .fits = "webhook"}
        ),
        row<Sink, &Sink::proxy, &Proxy::password>(
            {.table = "sink",
             .key = "proxy_password",
             .type = ValueType::pass_phrase,
             .text = "The password that the proxy asks for.",
             .fits = "webhook"}
        ),
        row<Sink, &Sink::auth, &SinkAuth::method>(
            {.table = "sink",
             .key = "auth.type",
             .type = ValueType::choice,
             .text = "How the receiver knows us.",
             .fits = "webhook"}
        ),
        row<Sink, &Sink::auth, &SinkAuth::username>(
            {.table = "sink",
             .key = "auth.username",
             .type = ValueType::user_name,
             .text = "For basic.",
             .fits = "webhook"}
        ),
        row<Sink, &Sink::auth, &SinkAuth::password>(
            {.table = "sink",
             .key = "auth.password",
             .type = ValueType::pass_phrase,
             .text = "For basic.",
             .fits = "webhook"}
        ),
        row<Sink, &Sink::auth, &SinkAuth::token>(
            {.table = "sink",
             .key = "auth.token",
             .type = ValueType::secret,
             .text = "For bearer.",
             .fits = "webhook"}
        ),
        row<Sink, &Sink::auth, &SinkAuth::token_url>(
            {.table = "sink",
             .key = "auth.token_url",
             .type = ValueType::url,
             .text = "For oauth2: where tokens are asked for.",
             .fits = "webhook"}
        ),
        row<Sink, &Sink::auth, &SinkAuth::client_id>(
            {.table = "sink",
             .key = "auth.client_id",
             .type = ValueType::text,
             .text = "For oauth2.",
             .fits = "webhook"}
        ),
        row<Sink, &Sink::auth, &SinkAuth::client_secret>(
            {.table = "sink",
             .key = "auth.client_secret",
             .type = ValueType::pass_phrase,
             .text = "For oauth2.",
             .fits = "webhook"}
        ),
        row<Sink, &Sink::auth, &SinkAuth::scope>(
            {.table = "sink",
             .key = "auth.scope",
             .type = ValueType::text,
             .text = "For oauth2: what to ask for.",
             .fits = "webhook"}
        ),
        row<Sink, &Sink::auth, &SinkAuth::audience>(
            {.table = "sink",
             .key = "auth.audience",
             .type = ValueType::text,
             .text = "For oauth2: whom the token is meant for.",
             .fits = "webhook"}
        ),
        row<Sink, &Sink::tls, &SinkTls::ca_file>(
            {.table = "sink",
             .key = "tls.ca_file",
             .type = ValueType::path,
             .text = "Authorities to trust instead of the system's (PEM).",
             .fits = "webhook"}
        ),
        row<Sink, &Sink::tls, &SinkTls::certificate_file>(
            {.table = "sink",
             .key = "tls.certificate_file",
             .type = ValueType::path,
             .text = "The certificate to show, with its chain (PEM).",
             .fits = "webhook"}
        ),
        row<Sink, &Sink::tls, &SinkTls::key_file>(
            {.table = "sink",
             .key = "tls.key_file",
             .type = ValueType::path,
             .text = "The key of that certificate (PEM).",
             .fits = "webhook"}
        ),
        row<Sink, &Sink::tls, &SinkTls::min_version>(
            {.table = "sink",
             .key = "tls.min_version",
             .type = ValueType::choice,
             .text = "The oldest version of TLS that is spoken.",
             .fits = "webhook",
             .default_text = R"("1.2")"}
        )
    };
    return all;
}

}  // namespace pollhook::config
