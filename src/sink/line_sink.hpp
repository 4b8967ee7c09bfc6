#pragma once

#include "line_output.hpp"
#include "pollhook/base/clock.hpp"
#include "pollhook/config/config.hpp"
#include "pollhook/sink/sink.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <memory>
#include <vector>

namespace pollhook::sink {

/// Writes each message as a line of JSON. Everything that waits is written as one batch: while a batch is on
/// its way the next one gathers.
///
/// One of the waiting deliveries writes for all of them, so nothing runs when nobody waits. A message that is
/// being written cannot be called back; one that still waits can.
class LineSink final : public Sink {
public:
    /// `output` is used on `writer` only; see LineOutput::write() for `patience`. `clock` must outlive the
    /// sink.
    LineSink(
        std::unique_ptr<LineOutput> output,
        config::Format format,
        base::Duration patience,
        base::Clock& clock,
        boost::asio::any_io_executor loop,
        boost::asio::any_io_executor writer
    );

    [[nodiscard]] boost::asio::awaitable<Outcome> deliver(const Message& message) override;
    void retune(const config::Sink& settings, const config::Delivery& delivery) override
    {
        format_ = settings.format;
        patience_ = delivery.attempt_timeout;
    }
    void reopen() override { reopen_ = true; }

private:
    struct Line;

    boost::asio::awaitable<Outcome> append(const Message& message);
    boost::asio::awaitable<void> wait_for_turn(Line& line);
    boost::asio::awaitable<void> write_waiting();
    void withdraw(Line& line);
    void pass_on();

    std::unique_ptr<LineOutput> output_;
    config::Format format_;
    base::Duration patience_;
    base::Clock& clock_;
    boost::asio::any_io_executor loop_;
    boost::asio::any_io_executor writer_;
    std::vector<Line*> waiting_;  ///< each belongs to a deliver() that is suspended
    bool writing_ = false;
    bool reopen_ = false;
};

}  // namespace pollhook::sink
