#include "key_table.hpp"
#include "ranges.hpp"
#include "row.hpp"

namespace pollhook::config {

using namespace std::chrono_literals;

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
        row<Delivery, &Delivery::max_per_second_per_origin>(
            {.table = "delivery",
             .key = "max_per_second_per_origin",
             .type = ValueType::number,
             .text = "The most requests in a second to one scheme, host and port; else unlimited.",
             .minimum = 0.001,
             .maximum = 100000}
        ),
        row<Delivery, &Delivery::attempt_timeout>(
            {.table = "delivery",
             .key = "attempt_timeout",
             .type = ValueType::duration,
             .text = "For one whole attempt, look-up to answer.",
             .minimum = ms(100ms),
             .maximum = ms(10min)}
        ),
        row<Delivery, &Delivery::look_up_timeout>(
            {.table = "delivery",
             .key = "look_up_timeout",
             .type = ValueType::duration,
             .text = "For the look-up of the host alone.",
             .minimum = ms(10ms),
             .maximum = ms(2min)}
        ),
        row<Delivery, &Delivery::connect_timeout>(
            {.table = "delivery",
             .key = "connect_timeout",
             .type = ValueType::duration,
             .text = "For the connection alone.",
             .minimum = ms(10ms),
             .maximum = ms(2min)}
        ),
        row<Delivery, &Delivery::tls_timeout>(
            {.table = "delivery",
             .key = "tls_timeout",
             .type = ValueType::duration,
             .text = "For the TLS handshake alone.",
             .minimum = ms(10ms),
             .maximum = ms(2min)}
        ),
        row<Delivery, &Delivery::write_timeout>(
            {.table = "delivery",
             .key = "write_timeout",
             .type = ValueType::duration,
             .text = "For sending the request alone.",
             .minimum = ms(10ms),
             .maximum = ms(10min)}
        ),
        row<Delivery, &Delivery::head_timeout>(
            {.table = "delivery",
             .key = "head_timeout",
             .type = ValueType::duration,
             .text = "From there to the end of the answer's head.",
             .minimum = ms(10ms),
             .maximum = ms(10min)}
        ),
        row<Delivery, &Delivery::body_timeout>(
            {.table = "delivery",
             .key = "body_timeout",
             .type = ValueType::duration,
             .text = "For the rest of the answer.",
             .minimum = ms(10ms),
             .maximum = ms(10min)}
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
        ),
        row<Delivery, &Delivery::rejected_retry_schedule>(
            {.table = "delivery",
             .key = "rejected_retry_schedule",
             .type = ValueType::durations,
             .text = "The same after an answer that hardly changes: 400 401 403 404 405 413 415 422.",
             .minimum = 1,
             .maximum = 30 * day}
        )
    };
    return all;
}

}  // namespace pollhook::config
