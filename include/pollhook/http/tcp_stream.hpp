#pragma once

#include "pollhook/http/stream.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <memory>

namespace pollhook::http {

/// Plain bytes over a connected socket.
std::unique_ptr<Stream> make_tcp_stream(boost::asio::ip::tcp::socket socket);

/// Whether the socket has neither bytes, nor an end, nor an error to report.
bool is_quiet(boost::asio::ip::tcp::socket& socket);

}  // namespace pollhook::http
