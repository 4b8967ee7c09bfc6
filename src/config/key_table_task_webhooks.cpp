#include "key_table.hpp"
#include "ranges.hpp"
#include "row.hpp"

namespace pollhook::config {

using namespace std::chrono_literals;

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
             .type = ValueType::task_event_patterns,
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
        row<TaskWebhooks, &TaskWebhooks::previous_secrets>(
            {.table = "task_webhooks",
             .key = "previous_secrets",
             .type = ValueType::signing_secrets,
             .text = "Sign as well, until every receiver knows the new secret."}
        ),
        row<TaskWebhooks, &TaskWebhooks::signing_key>(
            {.table = "task_webhooks",
             .key = "signing_key",
             .type = ValueType::signing_key,
             .text = "Signs with Ed25519 too (v1a); starts with whsk_."}
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
        ),
        row<TaskWebhooks, &TaskWebhooks::proxy, &Proxy::url>(
            {.table = "task_webhooks",
             .key = "proxy",
             .type = ValueType::proxy_url,
             .text = "The HTTP proxy that requests go through."}
        ),
        row<TaskWebhooks, &TaskWebhooks::proxy, &Proxy::user>(
            {.table = "task_webhooks",
             .key = "proxy_user",
             .type = ValueType::user_name,
             .text = "The name that the proxy asks for."}
        ),
        row<TaskWebhooks, &TaskWebhooks::proxy, &Proxy::password>(
            {.table = "task_webhooks",
             .key = "proxy_password",
             .type = ValueType::pass_phrase,
             .text = "The password that the proxy asks for."}
        ),
        row<TaskWebhooks, &TaskWebhooks::retry_schedule>(
            {.table = "task_webhooks",
             .key = "retry_schedule",
             .type = ValueType::durations,
             .text = "The pauses between attempts; else as in [delivery].",
             .minimum = 1,
             .maximum = 30 * day}
        ),
        row<TaskWebhooks, &TaskWebhooks::rejected_retry_schedule>(
            {.table = "task_webhooks",
             .key = "rejected_retry_schedule",
             .type = ValueType::durations,
             .text = "The same after an answer that hardly changes; else as in [delivery].",
             .minimum = 1,
             .maximum = 30 * day}
        )
    };
    return all;
}

}  // namespace pollhook::config
