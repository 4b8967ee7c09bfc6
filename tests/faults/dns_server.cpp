#include "faults/dns_server.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address_v4.hpp>

#include <memory>
#include <utility>

namespace pollhook::test {
namespace {

namespace asio = boost::asio;

constexpr std::size_t header_size = 12;

/// `a.example` from the question (RFC 1035, 4.1.2); sets where it ends.
std::string read_name(std::string_view query, std::size_t& at)
{
    std::string name;
    while (at < query.size() && query[at] != 0) {
        const auto size = static_cast<std::size_t>(static_cast<unsigned char>(query[at]));
        if (!name.empty())
            name += '.';
        name += query.substr(at + 1, size);
        at += size + 1;
    }
    ++at;
    return name;
}

std::string make_answer(std::string_view query, std::size_t question_end, const std::string& address)
{
    const bool is_a = static_cast<unsigned char>(query[question_end - 3]) == 1;
    std::string answer(query.substr(0, question_end));
    answer[2] = static_cast<char>(0x84);  // an authoritative answer
    answer[3] = 0;
    answer.replace(6, 6, std::string("\0\0\0\0\0\0", 6));
    if (!is_a)
        return answer;  // no address of IPv6
    answer[7] = 1;
    answer += std::string("\xc0\x0c\0\x01\0\x01\0\0\0\0\0\x04", 12);
    for (const unsigned char byte : asio::ip::make_address_v4(address).to_bytes())
        answer += static_cast<char>(byte);
    return answer;
}

}  // namespace

DnsServer::DnsServer(asio::io_context& loop, const asio::ip::udp::endpoint& endpoint)
    : loop_(loop),
      socket_(loop, endpoint)
{
    receive();
}

void DnsServer::receive()
{
    socket_.async_receive_from(
        asio::buffer(buffer_),
        peer_,
        [this](const boost::system::error_code& ec, std::size_t size) {
            if (ec)
                return;
            answer({buffer_.data(), size});
            receive();
        }
    );
}

void DnsServer::answer(std::string_view query)
{
    ++asked_;
    std::size_t at = header_size;
    if (query.size() < header_size + 5)
        return;
    const auto found = names_.find(read_name(query, at));
    at += 4;
    if (found == names_.end() || at > query.size())
        return;
    const auto bytes = std::make_shared<std::string>(make_answer(query, at, found->second.address));
    const auto timer = std::make_shared<asio::steady_timer>(loop_, found->second.delay);
    timer->async_wait([this, timer, bytes, to = peer_](const boost::system::error_code& ec) {
        boost::system::error_code ignored;
        if (!ec)
            socket_.send_to(asio::buffer(*bytes), to, 0, ignored);
    });
}

}  // namespace pollhook::test
