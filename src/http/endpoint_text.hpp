#pragma once

#include <boost/asio/ip/tcp.hpp>

#include <string>

namespace pollhook::http {

/// `192.0.2.1:443`, `[2001:db8::1]:443`
std::string to_text(const boost::asio::ip::tcp::endpoint& endpoint);

}  // namespace pollhook::http
