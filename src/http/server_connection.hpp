#pragma once

#include "pollhook/http/server.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace pollhook::http {

/// One client's connection: reads a request, answers it, reads the next.
///
/// It runs as two coroutines: run() does the work, watch() holds the one timer and ends whatever run() waits
/// for when the deadline of the current phase has passed. Both must have ended before the object goes.
class ServerConnection {
public:
    using Socket = boost::asio::generic::stream_protocol::socket;

    enum class Phase : std::uint8_t {
        idle,       ///< between requests
        reading,    ///< a request has begun
        answering,  ///< the application is at work
        writing,
        streaming,  ///< an answer has begun and waits for more to say
        closing,    ///< the last answer is out, or there will be none
    };

    /// The references must outlive the connection.
    ServerConnection(
        Socket socket, base::Clock& clock, const ServerOptions& options, const Server::Respond& respond
    );
    ServerConnection(const ServerConnection&) = delete;
    ServerConnection& operator=(const ServerConnection&) = delete;
    ~ServerConnection();

    /// Serves until the client leaves, a deadline passes or the awaiting coroutine is cancelled. Throws only
    /// when it is cancelled before it starts.
    boost::asio::awaitable<void> run();
    boost::asio::awaitable<void> watch();

    /// Takes no further request: ends at once, but for an answer under way, which may finish.
    void finish();

    /// True while somebody waits for an answer that is being made or sent.
    [[nodiscard]] bool is_answering() const noexcept
    {
        return phase_ == Phase::answering || phase_ == Phase::writing;
    }
    [[nodiscard]] Phase phase() const noexcept { return phase_; }
    [[nodiscard]] base::SteadyPoint phase_since() const noexcept { return phase_since_; }

private:
    static constexpr std::size_t head_read_step = 4096;
    static constexpr base::Duration for_ever = std::chrono::hours(24 * 365);

    struct Incoming;
    class Body;
    class Stream;

    boost::asio::awaitable<void> serve();
    boost::asio::awaitable<void> exchange();
    boost::asio::awaitable<Incoming> read_request();
    boost::asio::awaitable<bool> take_head(Incoming& incoming);
    boost::asio::awaitable<boost::system::error_code> read_more(std::size_t step);
    boost::asio::awaitable<ServerResponse> answer(const ServerRequest& request);
    boost::asio::awaitable<void> write(const ServerResponse& response, const Incoming& incoming);
    boost::asio::awaitable<boost::system::error_code> send(std::array<boost::asio::const_buffer, 3> parts);
    boost::asio::awaitable<void> stream(const ServerResponse& response, const Incoming& incoming);
    boost::asio::awaitable<void> watch_for_leaving();
    [[nodiscard]] std::string head_of(
        const ServerResponse& response, const Incoming& incoming, std::string_view body_field
    ) const;
    boost::asio::awaitable<void> disrupt(const ServerResponse& response, const Incoming& incoming);
    boost::asio::awaitable<void> discard_input();

    void enter(Phase phase, base::Duration limit);
    void stop_watching();

    Socket socket_;
    base::Clock& clock_;
    const ServerOptions& options_;
    const Server::Respond& respond_;
    std::string peer_;
    boost::beast::flat_buffer buffer_;
    std::unique_ptr<base::Timer> timer_;
    boost::asio::cancellation_signal interrupt_;
    Phase phase_ = Phase::idle;
    base::SteadyPoint phase_since_{};
    base::SteadyPoint deadline_{};
    base::SteadyPoint armed_until_{};
    bool expired_ = false;
    bool closing_ = false;
    bool left_ = false;  // the client, during a streamed answer
    bool ended_ = false;
};

}  // namespace pollhook::http
