#include "key_table.hpp"
#include "ranges.hpp"
#include "row.hpp"

namespace pollhook::config {

using namespace std::chrono_literals;

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
             .text =
                 "The least time between two looks at one task, and between two requests that are not full.",
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
             .text = "... over at least this long. Empty answers to several tasks count only after six times "
                     "as long.",
             .minimum = 0,
             .maximum = 7 * day}
        ),
        row<Provider, &Provider::stalled_after>(
            {.table = "provider",
             .key = "stalled_after",
             .type = ValueType::duration,
             .text =
                 "A task that the relay shows without a change for this long is announced as stalled, once.",
             .minimum = ms(100ms),
             .maximum = 30 * day}
        ),
        row<Provider, &Provider::max_age>(
            {.table = "provider",
             .key = "max_age",
             .type = ValueType::duration,
             .text = "A task that is not finished by then expires: by the next answer, or after an hour "
                     "without one.",
             .minimum = ms(100ms),
             .maximum = 365 * day}
        )
    };
    return all;
}

}  // namespace pollhook::config
