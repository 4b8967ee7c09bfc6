#include "line_sink.hpp"

#include "pollhook/base/run_on.hpp"
#include "pollhook/base/text.hpp"
#include "pollhook/sink/format.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstddef>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

namespace pollhook::sink {

namespace asio = boost::asio;

struct LineSink::Line {
    enum class State { waiting, being_written, settled };

    explicit Line(const asio::any_io_executor& loop) : wake(loop, asio::steady_timer::time_point::max()) {}

    std::string buffer;
    std::string_view text;
    State state = State::waiting;
    Outcome outcome;
    asio::steady_timer wake;  // a condition variable: cancelled when there is something to look at
};

LineSink::LineSink(
    std::unique_ptr<LineOutput> output,
    config::Format format,
    base::Duration patience,
    base::Clock& clock,
    asio::any_io_executor loop,
    asio::any_io_executor writer
)
    : output_(std::move(output)),
      format_(format),
      patience_(patience),
      clock_(clock),
      loop_(std::move(loop)),
      writer_(std::move(writer))
{
}

asio::awaitable<Outcome> LineSink::deliver(const Message& message)
{
    const bool throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    Outcome outcome = co_await append(message);
    co_await asio::this_coro::throw_if_cancelled(throws);
    co_return outcome;
}

/// `message` belongs to the caller of deliver(), who waits.
asio::awaitable<Outcome> LineSink::append(const Message& message)
{
    const base::SteadyPoint start = clock_.steady_now();
    Line line(loop_);
    line.text = encode_body(format_, message, line.buffer);
    waiting_.push_back(&line);
    co_await wait_for_turn(line);
    if (line.state == Line::State::waiting)
        co_await write_waiting();
    line.outcome.total = clock_.steady_now() - start;
    co_return std::move(line.outcome);
}

/// Until the line is settled, or nobody writes and it is for this delivery to do so. `line` belongs to the
/// caller.
asio::awaitable<void> LineSink::wait_for_turn(Line& line)
{
    for (;;) {
        const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() != asio::cancellation_type::none && line.state == Line::State::waiting)
            withdraw(line);
        if (line.state == Line::State::settled || !writing_)
            co_return;
        boost::system::error_code ignored;
        co_await line.wake.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
}

asio::awaitable<void> LineSink::write_waiting()
{
    writing_ = true;
    const std::vector<Line*> batch = std::exchange(waiting_, {});
    std::vector<std::string_view> texts;
    texts.reserve(batch.size());
    for (Line* line : batch) {
        line->state = Line::State::being_written;
        texts.push_back(line->text);
    }
    const bool reopen = std::exchange(reopen_, false);
    const auto work = [output = output_.get(), &texts, reopen, patience = patience_] {
        WriteReport report;
        try {
            if (reopen)
                output->reopen();
            report = output->write(texts, patience);
        } catch (const std::exception& failure) {
            report.error_class = "io";
            report.detail = base::printable(failure.what());
        }
        return report;
    };
    const WriteReport report = co_await base::run_on(writer_, work);
    writing_ = false;
    for (std::size_t i = 0; i < batch.size(); ++i) {
        Line& line = *batch[i];
        line.outcome.delivered = i < report.lines;
        if (!line.outcome.delivered) {
            line.outcome.error_class = report.error_class;
            line.outcome.detail = report.detail;
        }
        line.state = Line::State::settled;
        line.wake.cancel();
    }
    pass_on();
}

void LineSink::withdraw(Line& line)
{
    std::erase(waiting_, &line);
    line.state = Line::State::settled;
    line.outcome.cancelled = true;
    line.outcome.error_class = "cancelled";
    line.outcome.detail = "cancelled";
    // It may have been this one's turn.
    pass_on();
}

void LineSink::pass_on()
{
    if (!writing_ && !waiting_.empty())
        waiting_.front()->wake.cancel();
}

}  // namespace pollhook::sink
