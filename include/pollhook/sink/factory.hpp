#pragma once

#include "pollhook/base/clock.hpp"
#include "pollhook/config/config.hpp"
#include "pollhook/http/address_guard.hpp"
#include "pollhook/http/client.hpp"
#include "pollhook/sink/sink.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>

namespace pollhook::sink {

/// What sinks are built from; all of it outlives them.
struct Surroundings {
    base::Clock* clock = nullptr;
    http::Client* client = nullptr;
    boost::asio::any_io_executor loop;
    /// For the blocking writes of the file and stdout sinks; each sink uses one thread of it at a time. The
    /// process must ignore SIGPIPE and SIGXFSZ.
    boost::asio::any_io_executor file_writer;
};

/// The sink that a `[[sink]]` describes. Opens nothing yet. Throws config::SettingError, naming the sink,
/// when its URL, a secret or a file cannot be used.
std::unique_ptr<Sink> make_sink(
    const config::Sink& sink, const config::Delivery& delivery, const Surroundings& surroundings
);

/// Whether the sink that was made for `before` can go on with `after`, by Sink::retune(): what it sends is
/// the same, or it writes to the same place, which two must not do at once.
bool goes_on(const config::Sink& before, const config::Sink& after);

/// What sends to the tasks' own URLs (Message::url), behind `guard`, which must outlive it. Throws like
/// make_sink().
std::unique_ptr<Sink> make_task_webhooks(
    const config::TaskWebhooks& task_webhooks,
    const config::Delivery& delivery,
    const http::AddressGuard& guard,
    const Surroundings& surroundings
);

}  // namespace pollhook::sink
