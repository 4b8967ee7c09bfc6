#pragma once

#include "host.hpp"
#include "pollhook/base/clock.hpp"
#include "pollhook/base/random.hpp"
#include "timeline.hpp"
#include "weather.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace pollhook::simulation {

/// One simulated connection: bytes on their way in both directions, and the server's half of HTTP.
///
/// What befalls it is drawn up when it is made, from a source of randomness of its own, so that the order in
/// which connections are used does not change their fates.
class Link : public std::enable_shared_from_this<Link> {
public:
    struct Ends {
        Timeline* timeline = nullptr;
        Host* host = nullptr;
        std::string host_name;
        boost::asio::ip::address address;
        std::uint64_t boot = 0;
    };
    Link(Ends ends, const Weather& weather, std::uint64_t seed);

    // The process's end.
    void attach(base::Timer& reader) noexcept { reader_ = &reader; }
    void detach() noexcept { reader_ = nullptr; }
    void send(std::string bytes);
    /// Bytes that have arrived and were not read.
    [[nodiscard]] std::string& inbox() noexcept { return inbox_; }
    [[nodiscard]] bool has_ended() const noexcept { return ended_; }
    /// Why nothing more can be sent or received; empty while it can.
    [[nodiscard]] const boost::system::error_code& failure() const noexcept { return failure_; }
    /// The process closes its end.
    void close();
    /// The process dies: whatever it still tries fails.
    void kill();

    /// Requests that the server has and that are not answered, while the process waits.
    [[nodiscard]] bool is_in_progress() const noexcept { return !closed_ && unanswered_ > 0; }

private:
    using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

    void arrive_at_server(const std::string& bytes);
    void parse();
    void answer(const http::ServerRequest& request, std::string_view bytes);
    void send_answer(const Reply& reply);
    void arrive_at_process(const std::string& bytes);
    void end_downwards();
    void break_off(const boost::system::error_code& why);
    void close_when_idle();

    [[nodiscard]] base::SteadyPoint arrival(base::SteadyPoint& last);
    /// How many bytes get through before the trouble comes; empty: all of them.
    [[nodiscard]] std::optional<std::size_t> drawn(double probability, std::int64_t most);
    template <class Deliver>
    void dispatch(std::string bytes, base::SteadyPoint& last, Deliver deliver);

    Ends ends_;
    Weather weather_;
    base::Random random_;
    base::Timer* reader_ = nullptr;

    std::string inbox_;
    bool ended_ = false;
    bool closed_ = false;
    boost::system::error_code failure_;

    std::optional<std::size_t> reset_up_, reset_down_, loss_up_, loss_down_;
    std::size_t sent_up_ = 0, sent_down_ = 0, arrived_down_ = 0;
    base::SteadyPoint last_up_{}, last_down_{};

    /// The head of an answer that is on its way.
    struct Head {
        std::size_t end = 0;  // in the bytes that are sent down
        std::function<void()> arrived;
    };
    std::deque<Head> heads_;

    std::optional<Parser> parser_;
    boost::beast::flat_buffer buffer_;
    std::string request_bytes_;
    std::optional<base::SteadyPoint> request_sent_at_;
    std::size_t unanswered_ = 0;
    std::size_t requests_ = 0;
    std::size_t answers_ = 0;
    bool server_closed_ = false;
};

}  // namespace pollhook::simulation
