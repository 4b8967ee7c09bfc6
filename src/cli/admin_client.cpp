#include "admin_client.hpp"

#include "admin_connection.hpp"
#include "exit_code.hpp"
#include "plain_text.hpp"
#include "pollhook/base/text.hpp"
#include "pollhook/base/time.hpp"
#include "pollhook/base/version.hpp"
#include "pollhook/http/origin.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace pollhook::cli {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace json = boost::json;
using boost::system::error_code;

namespace {

constexpr std::uint64_t answer_limit = 64ULL * 1024 * 1024;
constexpr std::size_t shown_detail = 2000;

std::string member_text(const json::object& object, std::string_view name)
{
    const json::value* value = object.if_contains({name.data(), name.size()});
    if (value == nullptr || !value->is_string())
        return {};
    return plain_text({value->get_string().data(), value->get_string().size()}, shown_detail);
}

std::string hint_for(int status)
{
    switch (status) {
        case 401:
            return "give the token by --token-file or POLLHOOK_ADMIN_TOKEN; it is admin.token of the daemon";
        case 421: return "use an address the daemon listens on, or add the name to admin.hosts";
        default: return {};
    }
}

}  // namespace

Failure unreachable(const AdminAddress& address, std::string_view why)
{
    Failure failure;
    failure.exit_code = exit_code::unreachable;
    failure.message = fmt::format("no daemon answers at {}: {}", base::printable(address.text), why);
    failure.hint = R"(start one with "pollhook run", or name another address with --admin or POLLHOOK_ADMIN)";
    return failure;
}

Failure refusal(int status, const std::string& body)
{
    Failure failure;
    failure.status = status;
    failure.exit_code = status == 400 || status == 413 ? exit_code::bad_input : exit_code::failed;
    if (const auto problem = read_object(body)) {
        failure.message = member_text(*problem, "detail");
        if (failure.message.empty())
            failure.message = member_text(*problem, "title");
    }
    if (failure.message.empty())
        failure.message = fmt::format("the daemon answered with HTTP status {}", status);
    failure.hint = hint_for(status);
    failure.body = body;
    return failure;
}

std::string explain(const error_code& ec, std::chrono::milliseconds deadline)
{
    if (ec == beast::error::timeout)
        return fmt::format(
            "no answer within {}", base::format_duration(std::chrono::duration_cast<base::Duration>(deadline))
        );
    if (ec == beast::http::error::end_of_stream || ec == beast::http::error::partial_message)
        return "the connection ended before the answer was complete";
    return base::printable(ec.message());
}

boost::system::result<AdminAddress, std::string> parse_admin_address(std::string_view text)
{
    const auto refuse = [](std::string why) {
        return boost::system::result<AdminAddress, std::string>(
            boost::system::in_place_error, std::move(why)
        );
    };
    AdminAddress address;
    address.text = text;
    if (text.starts_with("unix:")) {
        address.unix_path = text.substr(5);
        address.host_field = "localhost";
        // sun_path of unix(7) holds 108 bytes with the final zero.
        if (!address.unix_path.starts_with('/') || address.unix_path.size() > 107)
            return refuse("the path of a unix socket must be absolute and at most 107 bytes long");
        return address;
    }
    const bool has_scheme = text.find("://") != std::string_view::npos;
    const auto url = http::parse_url(has_scheme ? std::string(text) : "http://" + std::string(text));
    if (!url)
        return refuse(url.error().message());
    if (url->origin.scheme != http::Scheme::http)
        return refuse("the admin API speaks plain http; tunnel it, or use its unix socket");
    if (url->target != "/")
        return refuse("an admin address has no path and no query");
    address.host = url->origin.host;
    address.port = std::to_string(url->origin.port);
    address.host_field = url->origin.host_field();
    return address;
}

AdminConnection::Request AdminConnection::request(beast::http::verb method, std::string_view target) const
{
    Request request(method, {target.data(), target.size()}, 11);
    request.set(beast::http::field::host, address_.host_field);
    request.set(beast::http::field::user_agent, "pollhook/" + std::string(base::version()));
    if (!token_.empty())
        request.set(beast::http::field::authorization, "Bearer " + token_);
    return request;
}

error_code AdminConnection::open(std::chrono::milliseconds deadline)
{
    std::vector<asio::generic::stream_protocol::endpoint> endpoints;
    if (address_.unix_path.empty()) {
        error_code ec;
        asio::ip::tcp::resolver resolver(loop_);
        for (const auto& found : resolver.resolve(address_.host, address_.port, ec))
            endpoints.emplace_back(found.endpoint());
        if (ec)
            return ec;
    } else {
        endpoints.emplace_back(asio::local::stream_protocol::endpoint(address_.unix_path));
    }
    error_code last = asio::error::host_not_found;
    for (const auto& endpoint : endpoints) {
        stream_.emplace(loop_);
        buffer_.clear();
        last = await(deadline, [&](auto done) { stream_->async_connect(endpoint, done); });
        if (!last)
            return {};
    }
    close();
    return last;
}

void AdminConnection::close()
{
    stream_.reset();
}

class AdminClient::Impl {
public:
    Impl(AdminAddress address, std::string token, std::chrono::milliseconds deadline)
        : connection_(std::move(address), std::move(token)),
          deadline_(deadline)
    {
    }

    Outcome<AdminAnswer> ask(
        beast::http::verb method, std::string_view target, std::string body, std::string_view content_type
    )
    {
        AdminConnection::Request request = connection_.request(method, target);
        request.set(beast::http::field::accept, "application/json");
        if (!content_type.empty())
            request.set(beast::http::field::content_type, std::string(content_type));
        request.body() = std::move(body);
        request.prepare_payload();

        const bool reused = connection_.is_open();
        auto answer = exchange(request);
        if (!answer && reused && answer.error() != beast::error::timeout)
            answer = exchange(request);
        if (!answer)
            return unreachable(address(), explain(answer.error(), deadline_));
        if (answer->status < 200 || answer->status >= 300)
            return refusal(answer->status, answer->body);
        return std::move(*answer);
    }

    [[nodiscard]] const AdminAddress& address() const noexcept { return connection_.address(); }

private:
    boost::system::result<AdminAnswer> exchange(const AdminConnection::Request& request)
    {
        error_code ec = connection_.is_open() ? error_code() : connection_.open(deadline_);
        beast::http::response_parser<beast::http::string_body> parser;
        if (!ec) {
            parser.body_limit(answer_limit);
            ec = connection_.await(deadline_, [&](auto done) {
                beast::http::async_write(connection_.stream(), request, done);
            });
            // A refusal may have come before all of the request was taken.
            if (!ec || ec == asio::error::broken_pipe || ec == asio::error::connection_reset)
                ec = connection_.await(deadline_, [&](auto done) {
                    beast::http::async_read(connection_.stream(), connection_.buffer(), parser, done);
                });
        }
        if (ec) {
            connection_.close();
            return ec;
        }
        AdminAnswer answer;
        answer.status = static_cast<int>(parser.get().result_int());
        answer.body = std::move(parser.get().body());
        if (!parser.get().keep_alive())
            connection_.close();
        return answer;
    }

    AdminConnection connection_;
    std::chrono::milliseconds deadline_;
};

AdminClient::AdminClient(AdminAddress address, std::string token, std::chrono::milliseconds deadline)
    : impl_(std::make_unique<Impl>(std::move(address), std::move(token), deadline))
{
}

AdminClient::~AdminClient() = default;

Outcome<AdminAnswer> AdminClient::get(std::string_view target)
{
    return impl_->ask(beast::http::verb::get, target, {}, {});
}

Outcome<AdminAnswer> AdminClient::post(
    std::string_view target, std::string body, std::string_view content_type
)
{
    return impl_->ask(beast::http::verb::post, target, std::move(body), content_type);
}

Outcome<AdminAnswer> AdminClient::remove(std::string_view target)
{
    return impl_->ask(beast::http::verb::delete_, target, {}, {});
}

Outcome<json::object> AdminClient::get_object(std::string_view target)
{
    const auto answer = get(target);
    if (!answer)
        return answer.error();
    return read_object(answer->body);
}

const AdminAddress& AdminClient::address() const noexcept
{
    return impl_->address();
}

Outcome<json::object> read_object(const std::string& body)
{
    error_code ec;
    json::value value = json::parse(body, ec);
    if (!ec && value.is_object())
        return std::move(value.get_object());
    Failure failure;
    failure.message = "the answer is not that of a pollhook daemon";
    failure.hint = "--admin and POLLHOOK_ADMIN say whom to ask";
    return failure;
}

std::string percent_encoded(std::string_view text)
{
    constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    std::string out;
    for (const char c : text) {
        if (plain.find(c) != std::string_view::npos)
            out += c;
        else
            out += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
    return out;
}

}  // namespace pollhook::cli
