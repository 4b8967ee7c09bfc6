#pragma once

#include "consent.hpp"
#include "pollhook/base/clock.hpp"
#include "pollhook/config/secret.hpp"
#include "pollhook/http/address_guard.hpp"
#include "pollhook/http/client.hpp"
#include "pollhook/http/origin.hpp"
#include "pollhook/http/route.hpp"
#include "pollhook/sink/sink.hpp"
#include "token_source.hpp"
#include "turn.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace pollhook::sink {

struct ChannelOptions {
    const http::AddressGuard* guard = nullptr;  ///< null: any address
    std::unique_ptr<const http::Route> route;   ///< null: directly, with the system's authorities
    config::Secret fields;                      ///< further header lines, each ended by CRLF
    http::Deadlines deadlines;
    std::size_t response_limit = 64 * 1024;
    std::unique_ptr<TokenSource> tokens;  ///< null: none is needed
    std::optional<Consent> consent;       ///< empty: the receiver is not asked
};

/// How the requests of one sink reach their receiver: by which route, in which time, with whose consent, and
/// presented as whom. Lives on the loop.
class Channel {
public:
    /// `client`, `clock` and the guard must outlive it.
    Channel(http::Client& client, base::Clock& clock, ChannelOptions options);
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;
    ~Channel();

    [[nodiscard]] const http::AddressGuard* guard() const noexcept { return options_.guard; }
    [[nodiscard]] bool asks_for_consent() const noexcept { return options_.consent.has_value(); }

    /// Posts once. `fields` are the request's own header lines, which the channel's follow; `now` is the
    /// wall time of the attempt. All of them must outlive the operation. The coroutine must not throw when it
    /// is cancelled.
    [[nodiscard]] boost::asio::awaitable<Outcome> post(
        const http::Url& url, std::string& fields, std::string_view body, base::TimePoint now
    );

private:
    struct Sent;

    [[nodiscard]] http::Request request_to(const http::Url& url) const;
    boost::asio::awaitable<Outcome> post_plainly(
        const http::Url& url, const std::string& fields, std::string_view body, base::TimePoint now
    );
    boost::asio::awaitable<Outcome> post_with_permission(
        const http::Url& url, std::string& fields, std::string_view body, base::TimePoint now
    );
    boost::asio::awaitable<Sent> send(
        http::Request& request, std::string& fields, base::SteadyPoint deadline
    );
    boost::asio::awaitable<Outcome> ask_for_consent(
        const http::Url& url, base::SteadyPoint deadline, base::TimePoint now
    );
    boost::asio::awaitable<Outcome> ask(
        const http::Url& url, base::SteadyPoint deadline, base::TimePoint now
    );

    http::Client& client_;
    base::Clock& clock_;
    ChannelOptions options_;
    Turn asking_;
    std::uint64_t answers_ = 0;  ///< to questions for consent
    Outcome refusal_;            ///< the last of them, when it was no
};

}  // namespace pollhook::sink
