#pragma once

#include "pollhook/base/clock.hpp"
#include "pollhook/config/config.hpp"
#include "pollhook/http/client.hpp"
#include "pollhook/http/origin.hpp"
#include "pollhook/provider/provider.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace pollhook::provider {

/// What one request to a relay brought.
struct Posted {
    int status = 0;         ///< 0 when there was no HTTP answer
    std::string_view body;  ///< lies in Answer::bodies; also of a refusal
    /// Empty: an answer of 2xx that is not a web page. What its body means is the dialect's business.
    std::optional<LookFailure> failure;
};

/// A relay account's HTTP side: base URL, key, time-outs and bounds, and what a status means. The key goes to
/// the base URL's origin and nowhere else: no redirect is followed, no text for people holds it.
class Account {
public:
    static constexpr std::size_t body_limit = std::size_t(16) * 1024 * 1024;

    /// Throws config::SettingError for a base URL or key that cannot be used. `clock` and `client` must
    /// outlive it.
    Account(
        const config::Provider& provider,
        config::Auth auth,
        std::string_view content_type,
        base::Clock& clock,
        http::Client& client
    );

    /// Posts `body` to `path` under the base URL. The answer's body is added to `answer`, which must outlive
    /// the operation.
    [[nodiscard]] boost::asio::awaitable<Posted> post(std::string path, std::string body, Answer& answer);

    /// What a status means; empty for 2xx. `source` says where it stood: `HTTP`, or a body's `statusCode`.
    [[nodiscard]] std::optional<LookFailure> judge(
        std::string_view source, int status, std::string_view message
    ) const;
    /// A 2xx answer that the relay does not document.
    [[nodiscard]] LookFailure malformed(std::string_view what, std::string_view message = {}) const;

    /// A relay's words for people: printable, short, and without the key, which some relays repeat.
    [[nodiscard]] std::string quoted(std::string_view text) const;

private:
    http::Origin origin_;
    std::string prefix_;  ///< the base URL's path, without a trailing slash
    std::string fields_;
    config::Secret key_;
    base::Duration timeout_;
    base::Clock& clock_;
    http::Client& client_;
};

}  // namespace pollhook::provider
