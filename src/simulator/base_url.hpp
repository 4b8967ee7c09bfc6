#pragma once

#include <boost/asio/ip/tcp.hpp>

#include <sstream>
#include <string>

namespace pollhook::simulator {

/// `http://127.0.0.1:8787` or `http://[::1]:8787`.
inline std::string base_url_of(const boost::asio::ip::tcp::endpoint& endpoint)
{
    std::ostringstream text;
    text << "http://" << endpoint;
    return text.str();
}

}  // namespace pollhook::simulator
