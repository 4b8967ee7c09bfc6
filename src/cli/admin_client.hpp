#pragma once

#include <boost/json/value.hpp>
#include <boost/system/result.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace pollhook::cli {

/// Where the daemon listens: a TCP host and port, or a unix socket.
struct AdminAddress {
    std::string text;        ///< as it was given, for messages
    std::string host;        ///< a name or an address; unused when `unix_path` is set
    std::string port;        ///< decimal
    std::string host_field;  ///< of the Host header
    std::string unix_path;   ///< empty for TCP
};

/// Reads `http://HOST[:PORT]`, `HOST:PORT` or `unix:/PATH`. The error is a text for the user.
boost::system::result<AdminAddress, std::string> parse_admin_address(std::string_view text);

/// Why a command could not be done, ready to be shown: what came from outside is escaped.
struct Failure {
    int exit_code = 1;
    std::string message;
    std::string hint;  ///< what to do about it; may be empty
    int status = 0;    ///< HTTP status of the daemon's refusal; 0: there was no answer
    std::string body;  ///< of the refusal, as it came
};
template <class T>
using Outcome = boost::system::result<T, Failure>;

struct AdminAnswer {
    int status = 0;  ///< 2xx
    std::string body;
};

/// Speaks to a daemon's admin API over one kept connection, blocking, with a deadline for each exchange.
///
/// A connection that the daemon has closed meanwhile is made anew once; everything that this client asks may
/// be asked twice. Refusals (problem documents) become failures that show their detail. One thread.
class AdminClient {
public:
    static constexpr std::chrono::seconds default_deadline{30};

    /// `token` is sent with every request unless it is empty.
    explicit AdminClient(
        AdminAddress address, std::string token, std::chrono::milliseconds deadline = default_deadline
    );
    ~AdminClient();

    Outcome<AdminAnswer> get(std::string_view target);
    /// `body` is JSON, or one JSON object a line when `content_type` says `application/x-ndjson`.
    Outcome<AdminAnswer> post(
        std::string_view target, std::string body, std::string_view content_type = "application/json"
    );
    Outcome<AdminAnswer> remove(std::string_view target);

    /// The answer as a JSON object.
    Outcome<boost::json::object> get_object(std::string_view target);

    [[nodiscard]] const AdminAddress& address() const noexcept;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

/// Reads an answer's body; a failure when it is no JSON object.
Outcome<boost::json::object> read_object(const std::string& body);

/// `text` as one segment of a path or one value of a query.
std::string percent_encoded(std::string_view text);

}  // namespace pollhook::cli
