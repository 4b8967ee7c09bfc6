#pragma once

#include "pollhook/config/config.hpp"

#include <optional>
#include <string>
#include <string_view>

/// What a single value must look like, as pure functions. Those that return a problem return a phrase that
/// follows "must be" or "must"; nothing means that the value is good.
namespace pollhook::config {

/// `[a-z0-9][a-z0-9._-]{0,63}`
bool is_name(std::string_view text) noexcept;

/// A token of RFC 9110, 5.6.2.
bool is_header_name(std::string_view text) noexcept;

/// Headers that pollhook or the HTTP layer writes itself, whatever their case.
bool is_reserved_header(std::string_view name);

/// No control character but the tab: nothing that could end a header line (RFC 9110, 5.5).
bool is_header_value(std::string_view text) noexcept;

/// `whsec_` and the base64 of 24 to 64 bytes (Standard Webhooks).
bool is_signing_secret(std::string_view text) noexcept;

/// `whsk_` and the base64 of an Ed25519 key: the seed of 32 bytes, or the seed and the public key that
/// belongs to it.
bool is_signing_key(std::string_view text);

/// Up to 64 visible ASCII characters, at least one.
bool is_word(std::string_view text) noexcept;

/// A name or an address without a port.
bool is_host(std::string_view text);

/// The rules of http::parse_url() that need no look at addresses; the problem completes "must ".
std::optional<std::string> url_problem(std::string_view text);

/// What a URL must be besides, to name a proxy; the problem completes "must ".
std::optional<std::string> proxy_problem(std::string_view url);

/// `10.1.0.0/16`, `fd00::/8`, or a bare address; the problem completes "must ".
std::optional<std::string> network_problem(std::string_view text);

/// `127.0.0.1:8780`, `[::1]:8780`, `localhost:8780`, `unix:/run/pollhook/admin.sock`. Empty for anything
/// else.
std::optional<ListenAddress> parse_listen_address(std::string_view text);

}  // namespace pollhook::config
