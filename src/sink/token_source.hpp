#pragma once

#include "pollhook/base/clock.hpp"
#include "pollhook/config/config.hpp"
#include "pollhook/config/secret.hpp"
#include "pollhook/http/client.hpp"
#include "pollhook/http/origin.hpp"
#include "pollhook/http/route.hpp"
#include "pollhook/sink/sink.hpp"
#include "turn.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace pollhook::sink {

/// Gets bearer tokens with client credentials (RFC 6749, 4.4) and keeps the last one. It is renewed when a
/// fifth of its time is left, or a minute if that is less; meanwhile the old one serves. One request is under
/// way at a time, whose answer holds for all who wait. A failure is remembered for a second.
///
/// The client's key goes to the token endpoint and nowhere else: redirects are not followed. Lives on the
/// loop.
class TokenSource {
public:
    struct Options {
        http::Url url;
        config::SinkAuth auth;
        http::Deadlines deadlines;
        std::unique_ptr<const http::Route> route;  ///< null: directly
    };

    /// A token as the header line that carries it.
    using Line = std::shared_ptr<const config::Secret>;

    /// `client` and `clock` must outlive it.
    TokenSource(http::Client& client, base::Clock& clock, Options options);
    TokenSource(const TokenSource&) = delete;
    TokenSource& operator=(const TokenSource&) = delete;
    ~TokenSource();

    struct Answer {
        Line line;        ///< null: see `failure`
        Outcome failure;  ///< of the class `auth`, or cancelled
    };
    /// A request of its own ends at `deadline`. The coroutine must not throw when it is cancelled.
    [[nodiscard]] boost::asio::awaitable<Answer> token(base::SteadyPoint deadline);

    /// The receiver did not take it: the next token() asks for another.
    void refuse(const Line& line);

private:
    boost::asio::awaitable<void> ask(base::SteadyPoint deadline);
    void take(const http::Exchange& exchange);
    void fail(Outcome failure);
    [[nodiscard]] bool is_fresh() const { return line_ != nullptr && clock_.steady_now() < renewal_; }
    [[nodiscard]] bool has_failed() const { return !failure_.error_class.empty(); }
    [[nodiscard]] bool is_valid() const { return line_ != nullptr && clock_.steady_now() < expiry_; }

    http::Client& client_;
    base::Clock& clock_;
    http::Url url_;
    http::Deadlines deadlines_;
    std::unique_ptr<const http::Route> route_;
    config::Secret fields_;
    std::string body_;

    Turn turn_;
    std::uint64_t answers_ = 0;  ///< how many requests have ended, cancelled ones aside
    Line line_;
    base::SteadyPoint renewal_{};
    base::SteadyPoint expiry_{};
    Outcome failure_;  ///< of the last request; without a class when it succeeded
    base::SteadyPoint failed_until_ = base::SteadyPoint::min();
};

}  // namespace pollhook::sink
