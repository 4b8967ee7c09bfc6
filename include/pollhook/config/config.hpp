#pragma once

#include "pollhook/base/log.hpp"
#include "pollhook/base/time.hpp"
#include "pollhook/config/positions.hpp"
#include "pollhook/config/secret.hpp"

#include <boost/asio/ip/address.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The typed configuration: plain values with the defaults that hold when a key is absent. Whatever load()
/// returns has been checked: every value is within its range and every reference is resolved. Sizes are
/// bytes.
namespace pollhook::config {

using base::Duration;

/// `full` survives a power cut with every acknowledged change; `normal` may lose the last moments of one,
/// never more.
enum class Synchronous : std::uint8_t { full, normal };

enum class ProviderType : std::uint8_t { midjourney_proxy, ohmygpt };

/// How the key goes into a request: `Authorization: Bearer KEY`, `Authorization: KEY` or `mj-api-secret:
/// KEY`.
enum class Auth : std::uint8_t { bearer, raw, mj_api_secret };

/// The body of a delivery: a Standard Webhooks envelope, a CloudEvents envelope, CloudEvents in headers with
/// the envelope's `data` as the body, or the relay's own object alone.
enum class Format : std::uint8_t { standard, cloudevents, cloudevents_binary, bare };

/// `block`: a task's events leave strictly one after the other. `latest`: progress events that still wait
/// when a newer one comes are superseded. Terminal events always go out.
enum class Order : std::uint8_t { block, latest };

enum class SinkType : std::uint8_t { webhook, file, stdout_ };

/// How a sink presents itself to its receiver: RFC 7617, RFC 6750, or RFC 6749 with client credentials.
enum class AuthMethod : std::uint8_t { basic, bearer, oauth2 };

/// The oldest version of TLS that is spoken.
enum class TlsVersion : std::uint8_t { v1_2, v1_3 };

/// The spelling of the configuration file.
std::string_view to_string(base::LogLevel level) noexcept;
std::string_view to_string(base::LogFormat format) noexcept;
std::string_view to_string(Synchronous synchronous) noexcept;
std::string_view to_string(ProviderType type) noexcept;
std::string_view to_string(Auth auth) noexcept;
std::string_view to_string(Format format) noexcept;
std::string_view to_string(Order order) noexcept;
std::string_view to_string(SinkType type) noexcept;
std::string_view to_string(AuthMethod method) noexcept;
std::string_view to_string(TlsVersion version) noexcept;

struct Daemon {
    std::filesystem::path
        state_dir;  ///< absolute; load() puts in $STATE_DIRECTORY or ~/.local/state/pollhook
    base::LogLevel log_level = base::LogLevel::info;
    base::LogFormat log_format = base::LogFormat::automatic;
    Duration shutdown_grace = std::chrono::seconds(20);  ///< time for requests under way after SIGTERM

    bool operator==(const Daemon&) const = default;
};

struct Store {
    std::string file = "pollhook.db";  ///< a plain file name within Daemon::state_dir
    Synchronous synchronous = Synchronous::full;
    Duration retention =
        std::chrono::days(30);  ///< age at which finished tasks and their history are deleted
    std::uint64_t max_size = 10ULL << 30U;

    bool operator==(const Store&) const = default;
};

/// Where the admin server listens: a TCP address or a unix socket.
struct ListenAddress {
    boost::asio::ip::address address;  ///< unused when `path` is set
    std::uint16_t port = 0;            ///< 0: any free port
    std::filesystem::path path;        ///< absolute path of a unix socket, empty for TCP

    [[nodiscard]] bool is_unix() const noexcept { return !path.empty(); }
    /// Reachable from this machine only, so that no token is needed.
    [[nodiscard]] bool is_local() const noexcept { return is_unix() || address.is_loopback(); }
    /// As the configuration spells it: `127.0.0.1:8780`, `[::1]:8780`, `unix:/run/pollhook/admin.sock`.
    [[nodiscard]] std::string text() const;

    bool operator==(const ListenAddress&) const = default;
};

struct Admin {
    std::vector<ListenAddress> listen = {{boost::asio::ip::address_v4::loopback(), 8780, {}}
    };                               ///< empty: no admin server
    Secret token;                    ///< empty: none, which only local addresses allow
    std::vector<std::string> hosts;  ///< further names the Host header may carry, lower case, without port

    bool operator==(const Admin&) const = default;
};

/// When a task that the relay no longer mentions is given up: both must hold.
struct LostAfter {
    unsigned misses = 5;                       ///< looks in a row without it
    Duration time = std::chrono::minutes(10);  ///< over at least this long

    bool operator==(const LostAfter&) const = default;
};

/// One relay account.
struct Provider {
    std::string name;  ///< unique; `[a-z0-9][a-z0-9._-]{0,63}`
    ProviderType type = ProviderType::midjourney_proxy;
    std::string base_url;  ///< http or https, without a trailing slash
    Secret api_key;
    Auth auth = Auth::bearer;                               ///< midjourney-proxy only
    Duration poll_interval = std::chrono::seconds(5);       ///< least time between two looks at one task
    Duration max_poll_interval = std::chrono::seconds(60);  ///< the most, reached while nothing changes
    unsigned batch_size = 50;                               ///< ids in one request; midjourney-proxy only
    unsigned page_size = 20;                                ///< tasks on one page, 5 to 20; ohmygpt only
    bool discover = false;  ///< watch whatever the newest pages show; ohmygpt only
    unsigned max_in_flight = 4;
    double max_requests_per_second = 5;
    Duration request_timeout = std::chrono::seconds(15);
    Duration missing_grace =
        std::chrono::minutes(2);  ///< after registration a missing id counts only from here on
    LostAfter lost_after;
    Duration stalled_after = std::chrono::minutes(15);  ///< without any change: announced once
    Duration max_age = std::chrono::hours(6);           ///< then the task expires

    bool operator==(const Provider&) const = default;
};

/// An HTTP proxy that requests go through.
struct Proxy {
    std::string url;   ///< `http://host:port`; empty: none
    std::string user;  ///< empty: it asks for none
    Secret password;

    bool operator==(const Proxy&) const = default;
};

/// What goes to the webhookUrl that a task brought along. Such URLs are written by strangers.
struct TaskWebhooks {
    bool enabled = true;
    Format format = Format::standard;
    std::vector<std::string> events = {"task.*"};  ///< see event_matches()
    Order order = Order::block;
    Secret signing_secret;                 ///< `whsec_…`; empty: not signed
    std::vector<Secret> previous_secrets;  ///< sign as well, while receivers change over
    Secret signing_key;                    ///< `whsk_…`, Ed25519; empty: none
    std::vector<std::string>
        allow_networks;       ///< `10.1.0.0/16`, `fd00::/8`: private networks that are open to them
    bool allow_http = false;  ///< plain http:// too
    Proxy proxy;
    std::optional<std::vector<Duration>> retry_schedule;           ///< absent: as in Delivery
    std::optional<std::vector<Duration>> rejected_retry_schedule;  ///< absent: as in Delivery

    bool operator==(const TaskWebhooks&) const = default;
};

/// A header that a sink adds to each request. The value is kept like a secret, since it often is one.
struct Header {
    std::string name;
    Secret value;

    bool operator==(const Header&) const = default;
};

/// Selects tasks whose metadata has under `key` one of `values`.
struct MetadataFilter {
    std::string key;
    std::vector<std::string> values;  ///< never empty

    bool operator==(const MetadataFilter&) const = default;
};

/// Several events in one request.
struct Batch {
    std::optional<unsigned> max_events;  ///< 2 to 100; absent: one event in one request
    std::optional<Duration> max_delay;   ///< how long the first event waits for others; absent: 1s

    bool operator==(const Batch&) const = default;
};

/// What a sink shows its receiver, beyond signatures. Which members count is up to `method`.
struct SinkAuth {
    std::optional<AuthMethod> method;  ///< absent: nothing
    std::string username;              ///< basic
    Secret password;                   ///< basic
    Secret token;                      ///< bearer
    std::string token_url;             ///< oauth2; http or https
    std::string client_id;             ///< oauth2
    Secret client_secret;              ///< oauth2
    std::string scope;                 ///< oauth2; empty: none is asked for
    std::string audience;              ///< oauth2; empty: none is asked for

    bool operator==(const SinkAuth&) const = default;
};

/// A file that its user opens; it equals another one only when they hold the same, so that one that was
/// renewed in its place is seen as a change.
struct PemFile {
    std::filesystem::path path;  ///< empty: none
    std::string digest;          ///< SHA-256 of what it held when the configuration was read

    bool operator==(const PemFile&) const = default;
};

struct SinkTls {
    PemFile ca_file;                        ///< empty: the system's authorities
    PemFile certificate_file;               ///< with its chain; empty: none is shown
    PemFile key_file;                       ///< goes with `certificate_file`
    std::optional<TlsVersion> min_version;  ///< absent: 1.2

    bool operator==(const SinkTls&) const = default;
};

/// A configured receiver of events, trusted by whoever wrote it: it may have any address.
struct Sink {
    std::string name;  ///< unique; `[a-z0-9][a-z0-9._-]{0,63}`
    SinkType type = SinkType::webhook;
    bool enabled = true;         ///< false: events are kept, and delivered only when they are replayed
    std::string url;             ///< webhook only; http or https
    std::filesystem::path path;  ///< file only; absolute
    Format format = Format::standard;
    Secret secret;                         ///< webhook only; `whsec_…`; empty: not signed
    std::vector<Secret> previous_secrets;  ///< webhook only; sign as well, while receivers change over
    Secret signing_key;                    ///< webhook only; `whsk_…`, Ed25519, beside `secret`; empty: none
    Secret hub_secret;                     ///< webhook only; for X-Hub-Signature-256; empty: none
    std::vector<std::string> events = {"task.*"};  ///< see event_matches()
    std::vector<std::string> providers;            ///< names; empty: all
    std::vector<std::string> actions;      ///< as the relay spells them, such as `IMAGINE`; empty: all
    std::vector<MetadataFilter> metadata;  ///< a task must pass every one of them
    unsigned min_progress_step = 1;        ///< percent points between two task.progress
    Order order = Order::block;
    std::vector<Header> headers;              ///< webhook only
    std::optional<unsigned> max_in_flight;    ///< webhook only; absent: Delivery::max_in_flight_per_origin
    std::optional<double> max_per_second;     ///< webhook only; absent: no limit
    std::optional<Duration> attempt_timeout;  ///< webhook only; absent: Delivery::attempt_timeout
    std::optional<std::vector<Duration>> retry_schedule;  ///< absent: Delivery::retry_schedule
    std::optional<std::vector<Duration>>
        rejected_retry_schedule;  ///< absent: Delivery::rejected_retry_schedule
    Batch batch;                  ///< webhook with the format cloudevents only
    /// webhook with a CloudEvents format only: a host name; asks the receiver for its consent before the
    /// first delivery; empty: does not ask
    std::string webhook_origin;
    Proxy proxy;    ///< webhook only
    SinkAuth auth;  ///< webhook only
    SinkTls tls;    ///< webhook only

    bool operator==(const Sink&) const = default;
};

struct Delivery {
    unsigned max_in_flight = 256;
    unsigned max_in_flight_per_origin = 16;
    std::optional<double> max_per_second_per_origin;  ///< absent: no limit
    Duration attempt_timeout =
        std::chrono::seconds(15);  ///< one whole attempt: look-up to the last byte of the answer
    Duration look_up_timeout = std::chrono::seconds(5);  ///< the host's addresses
    Duration connect_timeout = std::chrono::seconds(5);  ///< TCP
    Duration tls_timeout = std::chrono::seconds(5);      ///< the handshake
    Duration write_timeout = std::chrono::seconds(15);   ///< the request
    Duration head_timeout = std::chrono::seconds(15);    ///< from there to the end of the answer's head
    Duration body_timeout = std::chrono::seconds(15);    ///< the rest of the answer
    std::uint64_t response_limit = 64ULL << 10U;         ///< bytes of an answer that are read at most
    /// The pause before each further attempt; the attempt after the last pause is the last.
    std::vector<Duration> retry_schedule = {
        std::chrono::seconds(5),
        std::chrono::minutes(5),
        std::chrono::minutes(30),
        std::chrono::hours(2),
        std::chrono::hours(5),
        std::chrono::hours(10),
        std::chrono::hours(14),
        std::chrono::hours(20),
        std::chrono::hours(24)
    };
    /// The same for an answer that a repetition hardly changes: 400 401 403 404 405 413 415 422.
    std::vector<Duration> rejected_retry_schedule = {
        std::chrono::seconds(5), std::chrono::minutes(5), std::chrono::minutes(30)
    };

    bool operator==(const Delivery&) const = default;
};

/// The whole configuration. Treat it as immutable once loaded; a reload builds a new one.
struct Config {
    Daemon daemon;
    Store store;
    Admin admin;
    std::vector<Provider> providers;
    TaskWebhooks task_webhooks;
    std::vector<Sink> sinks;
    Delivery delivery;
    Positions positions;

    bool operator==(const Config&) const = default;
};

}  // namespace pollhook::config
