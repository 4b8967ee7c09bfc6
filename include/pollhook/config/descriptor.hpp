#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pollhook::config {

/// What the value of a key looks like in TOML and how it is checked.
enum class ValueType : std::uint8_t {
    boolean,
    integer,
    number,          ///< integer or float
    duration,        ///< "250ms", "15s"
    size,            ///< "64KiB", "10GiB"
    choice,          ///< one of Descriptor::choices
    name,            ///< `[a-z0-9][a-z0-9._-]{0,63}`
    url,             ///< http or https, without userinfo and fragment
    base_url,        ///< the same, also without a query
    proxy_url,       ///< `http://host:port`
    host,            ///< a name or an address without a port
    path,            ///< absolute
    file_name,       ///< without a directory
    text,            ///< without control characters
    user_name,       ///< the same, without a colon
    secret,          ///< a string without white space, { env }, { file } or { credential }
    pass_phrase,     ///< the same, where blanks are allowed
    signing_secret,  ///< the same, holding `whsec_` and the base64 of 24 to 64 bytes
    signing_secrets,
    signing_key,  ///< the same, holding `whsk_` and the base64 of an Ed25519 key, 32 or 64 bytes
    names,
    words,                ///< visible ASCII
    event_patterns,       ///< at least one
    task_event_patterns,  ///< the same, for the events of tasks only
    networks,             ///< CIDR
    hosts,                ///< names or addresses without a port
    addresses,            ///< `127.0.0.1:8780`, `unix:/path`
    durations,
    headers,          ///< a table of header names and secrets
    metadata_filters  ///< a table of names, each with a text or a list of texts
};

/// Whether a running daemon can take over a changed value, or has to be started again.
enum class Reload : std::uint8_t { live, restart };

/// All that is known about one key of the configuration. The same rows drive the parser, the check for
/// unknown keys, `config show`, and whatever documents the keys.
struct Descriptor {
    std::string table = {};  ///< `daemon`, `provider`, …
    std::string key = {};    ///< within the table; `lost_after.misses` for a nested one
    ValueType type = ValueType::boolean;
    std::string text = {};  ///< one line: what it is for
    double minimum = 0;     ///< of a number, of a duration in ms, of a size in bytes
    double maximum = 0;     ///< likewise; for a list of durations both hold for each of them
    std::string fits = {};  ///< the `type` of provider or sink that has this key; empty: every one
    bool required = false;  ///< by the types it fits
    Reload reload = Reload::live;
    std::string default_text = {};  ///< as TOML; empty when there is none
    std::vector<std::string> choices = {};

    [[nodiscard]] std::string path() const { return table + "." + key; }
    [[nodiscard]] bool is_secret() const noexcept;
    /// `1 to 1000`, `10ms to 1d`; empty when the type has no range.
    [[nodiscard]] std::string range_text() const;
};

/// A table of the configuration.
struct TableDescriptor {
    std::string name;
    bool repeated;  ///< written `[[name]]`, any number of times
    std::string text;
};

/// Every key, in the order in which the tables and the keys are shown.
std::span<const Descriptor> descriptors();
std::span<const TableDescriptor> tables();

}  // namespace pollhook::config
