#pragma once

#include "pollhook/http/connector.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace pollhook::fuzz {

/// A peer's answer, in the pieces in which it arrives.
using AnswerPieces = std::vector<std::string>;

/// A network in memory: every connection is made at once, and every request gets the pieces that `answer`
/// gives; then the peer ends the stream, unless another request comes.
class MemoryConnector final : public http::Connector {
public:
    explicit MemoryConnector(std::function<AnswerPieces()> answer) : answer_(std::move(answer)) {}

    [[nodiscard]] boost::asio::awaitable<base::Result<std::unique_ptr<http::Stream>>> connect(
        const http::Origin& origin,
        const http::AddressGuard* guard,
        const http::Route* route,
        http::ConnectReport& report
    ) override;

private:
    std::function<AnswerPieces()> answer_;
};

}  // namespace pollhook::fuzz
