#pragma once

#include "server_connection.hpp"

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <memory>
#include <string>
#include <utility>

namespace pollhook::http {

using RequestParser = boost::beast::http::request_parser<boost::beast::http::string_body>;

/// What came out of reading one request.
struct ServerConnection::Incoming {
    enum class Outcome { ended, refused, complete, streamed };

    Outcome outcome = Outcome::ended;
    // The body of a streamed one is read from it later. On the heap, since it cannot be moved.
    std::unique_ptr<RequestParser> parser = std::make_unique<RequestParser>();
    ServerRequest request;
    ServerResponse refusal;
    bool keep_alive = false;
    bool head_only = false;  // the answer to HEAD has no body
    bool old_version = false;

    void refuse(ServerResponse why)
    {
        outcome = Outcome::refused;
        refusal = std::move(why);
    }
};

/// Gives the application one piece of a request's body after the other. Lives in exchange()'s frame.
class ServerConnection::Body final : public RequestBody {
public:
    Body(ServerConnection& connection, RequestParser& parser) : connection_(connection), parser_(parser) {}

    boost::asio::awaitable<base::Result<std::string>> read() override;

private:
    boost::asio::awaitable<boost::system::error_code> read_piece();

    ServerConnection& connection_;
    RequestParser& parser_;
};

}  // namespace pollhook::http
