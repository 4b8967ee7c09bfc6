#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/datagram_protocol.hpp>

#include <array>
#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace pollhook::test {

/// Stands in for systemd: a datagram socket that remembers what it was told.
class NotifySocket {
public:
    explicit NotifySocket(boost::asio::io_context& loop, const std::filesystem::path& path)
        : socket_(loop, boost::asio::local::datagram_protocol::endpoint(path.string()))
    {
        socket_.non_blocking(true);
    }

    /// How often `state` has come.
    std::size_t count(const std::string& state)
    {
        receive();
        return counts_[state];
    }
    /// How often one came that begins so.
    std::size_t count_beginning(std::string_view beginning)
    {
        receive();
        std::size_t all = 0;
        for (const auto& [state, count] : counts_)
            all += state.starts_with(beginning) ? count : 0;
        return all;
    }

private:
    void receive()
    {
        std::array<char, 512> buffer;
        boost::system::error_code ec;
        for (;;) {
            const std::size_t length = socket_.receive(boost::asio::buffer(buffer), 0, ec);
            if (ec)
                return;
            ++counts_[std::string(buffer.data(), length)];
        }
    }

    boost::asio::local::datagram_protocol::socket socket_;
    std::map<std::string, std::size_t> counts_;
};

}  // namespace pollhook::test
