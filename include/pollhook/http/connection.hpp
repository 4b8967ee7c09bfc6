#pragma once

#include "pollhook/base/clock.hpp"
#include "pollhook/http/answer_parser.hpp"
#include "pollhook/http/client.hpp"
#include "pollhook/http/read_buffer.hpp"
#include "pollhook/http/stream.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace pollhook::http {

/// One connection of the pool: its stream, its buffers (reused by every exchange) and its only deadline.
///
/// The deadline is lazy: setting it to a later moment costs nothing, the watchdog finds out when it wakes.
/// Lives on the loop, in a shared_ptr that the watchdog and the exchange under way hold.
class Connection {
public:
    enum class Ending : std::uint8_t {
        done,   ///< the exchange says what happened
        stale,  ///< a connection that had served before ended without a byte of an answer: try a new one
    };

    /// `clock` must outlive it. `host_field` is the Host field's value.
    Connection(base::Clock& clock, std::string_view host_field);

    /// The timer that limits the making of the connection, before watch() runs on it. Woken by close().
    [[nodiscard]] base::Timer& timer() { return *timer_; }
    void start(std::unique_ptr<Stream> stream, const boost::asio::ip::tcp::endpoint& peer);

    /// Closes the connection when its deadline passes; ends when the connection is closed. `self` keeps it
    /// alive.
    [[nodiscard]] static boost::asio::awaitable<void> watch(std::shared_ptr<Connection> self);
    void set_deadline(base::SteadyPoint when);

    /// One request and its answer, within the deadlines of `request`. `request` and `exchange` must outlive
    /// the operation; `start` is when send() was called.
    [[nodiscard]] boost::asio::awaitable<Ending> exchange(
        const Request& request, Exchange& exchange, base::SteadyPoint start
    );

    /// Whether it can serve another exchange, as far as this end knows.
    [[nodiscard]] bool is_reusable() const noexcept { return reusable_ && is_open(); }
    [[nodiscard]] bool is_quiet() { return stream_->is_quiet(); }
    [[nodiscard]] bool is_open() const noexcept { return !closed_; }
    [[nodiscard]] const boost::asio::ip::tcp::endpoint& peer() const noexcept { return peer_; }
    [[nodiscard]] const std::string& peer_text() const noexcept { return peer_text_; }

    /// What is under way ends with Errc::cancelled, or Errc::timed_out when it is the deadline that closed.
    void close() noexcept;

private:
    enum class Phase : std::uint8_t { writing, waiting, reading };

    void begin(const Request& request);
    void enter(Phase phase, base::Duration limit);
    AnswerParser::State parse(const Request& request);
    void succeed(Exchange& exchange);
    void fail(const Request& request, Exchange& exchange, Errc error, std::string detail);
    void fail(const Request& request, Exchange& exchange, const boost::system::error_code& ec);
    [[nodiscard]] std::string_view unfinished() const;

    base::Clock& clock_;
    std::string host_line_;
    std::unique_ptr<Stream> stream_;
    std::unique_ptr<base::Timer> timer_;
    boost::asio::ip::tcp::endpoint peer_;
    std::string peer_text_;
    std::string head_;       ///< with the body behind it, where that is small
    Stream::Pieces pieces_;  ///< what is left to be written
    ReadBuffer buffer_;
    std::optional<AnswerParser> parser_;
    Response response_;
    std::string broken_bound_;  ///< what the peer overran, when the parser itself found nothing wrong
    base::SteadyPoint deadline_ = base::SteadyPoint::max();
    base::SteadyPoint armed_ = base::SteadyPoint::min();
    base::SteadyPoint latest_;      ///< the end of the exchange under way, whatever its phase
    base::Duration total_limit_{};  ///< from send() to there
    base::Duration limit_{};        ///< what the deadline is made of: total_limit_ or the phase's own
    unsigned interim_answers_ = 0;
    Phase phase_ = Phase::writing;
    bool answered_ = false;
    bool served_ = false;
    bool reusable_ = false;
    bool closed_ = false;
    bool timed_out_ = false;
};

}  // namespace pollhook::http
