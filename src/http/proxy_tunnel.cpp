#include "pollhook/http/proxy_tunnel.hpp"

#include "pollhook/base/text.hpp"
#include "pollhook/http/answer_parser.hpp"
#include "pollhook/http/error.hpp"
#include "pollhook/http/read_buffer.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <openssl/crypto.h>

#include <optional>
#include <string_view>

namespace pollhook::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using State = AnswerParser::State;

/// Holds the credentials until they are sent.
class ConnectHead {
public:
    ConnectHead(const std::string& authority, const config::Secret& authorization)
    {
        text_.reserve(256 + 2 * authority.size() + authorization.reveal().size());
        text_ += "CONNECT ";
        text_ += authority;
        text_ += " HTTP/1.1\r\nHost: ";
        text_ += authority;
        text_ += "\r\n";
        if (!authorization.empty()) {
            text_ += "Proxy-Authorization: ";
            text_ += authorization.reveal();
            text_ += "\r\n";
        }
        text_ += "\r\n";
    }
    ConnectHead(const ConnectHead&) = delete;
    ConnectHead& operator=(const ConnectHead&) = delete;
    ~ConnectHead() { ::OPENSSL_cleanse(text_.data(), text_.size()); }

    [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
    std::string text_;
};

class TunnelAnswer {
public:
    TunnelAnswer() { parser_.emplace(request_, response_); }

    [[nodiscard]] asio::mutable_buffer prepare() { return buffer_.prepare(); }

    /// Reads on after `count` more bytes.
    State take(std::size_t count)
    {
        buffer_.commit(count);
        return take_answer(buffer_, parser_, request_, response_, interim_answers_);
    }

    [[nodiscard]] int status() const noexcept { return response_.status; }
    [[nodiscard]] bool has_surplus() const { return !buffer_.empty() || parser_->announces_body(); }
    [[nodiscard]] std::string problem() const
    {
        return interim_answers_ > max_interim_answers ? std::string(too_many_interim_answers)
                                                      : parser_->detail();
    }

private:
    static Request make_request()
    {
        Request request;
        request.method = "CONNECT";
        return request;
    }

    const Request request_ = make_request();
    Response response_;
    ReadBuffer buffer_;
    std::optional<AnswerParser> parser_;
    unsigned interim_answers_ = 0;
};

Errc to_errc(const error_code& ec, std::string& detail)
{
    if (ec == asio::error::operation_aborted)
        return Errc::cancelled;
    detail = ec == asio::error::eof ? "the proxy closed the connection without an answer"
                                    : "the proxy: " + base::printable(ec.message());
    return Errc::connection_reset;
}

}  // namespace

asio::awaitable<base::Result<int>> ask_for_tunnel(
    asio::ip::tcp::socket& socket,
    const std::string& authority,
    const config::Secret& authorization,
    std::string& detail
)
{
    const ConnectHead head(authority, authorization);
    error_code ec;
    co_await asio::async_write(
        socket, asio::buffer(head.text()), asio::redirect_error(asio::use_awaitable, ec)
    );
    if (ec)
        co_return to_errc(ec, detail);
    TunnelAnswer answer;
    State state = State::needs_more;
    while (state == State::needs_more) {
        const asio::mutable_buffer room = answer.prepare();
        const std::size_t count =
            co_await socket.async_read_some(room, asio::redirect_error(asio::use_awaitable, ec));
        if (ec)
            co_return to_errc(ec, detail);
        state = answer.take(count);
    }
    if (state == State::malformed) {
        detail = "the proxy: " + answer.problem();
        co_return make_error_code(Errc::malformed_answer);
    }
    if (answer.status() < 300 && answer.has_surplus()) {
        detail = "the proxy sent more than the head of its answer";
        co_return make_error_code(Errc::malformed_answer);
    }
    co_return answer.status();
}

}  // namespace pollhook::http
