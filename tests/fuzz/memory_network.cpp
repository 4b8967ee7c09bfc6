#include "fuzz/memory_network.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

namespace pollhook::fuzz {
namespace {

namespace asio = boost::asio;

class MemoryStream final : public http::Stream {
public:
    explicit MemoryStream(std::function<AnswerPieces()>& answer) : answer_(answer) {}

    [[nodiscard]] asio::awaitable<std::size_t> read_some(
        asio::mutable_buffer into, boost::system::error_code& ec
    ) override
    {
        while (piece_ < pieces_.size() && at_ == pieces_[piece_].size()) {
            ++piece_;
            at_ = 0;
        }
        if (closed_) {
            ec = asio::error::operation_aborted;
            co_return 0;
        }
        if (piece_ == pieces_.size()) {
            ec = asio::error::eof;
            co_return 0;
        }
        const std::string& piece = pieces_[piece_];
        const std::size_t size = std::min(into.size(), piece.size() - at_);
        std::memcpy(into.data(), piece.data() + at_, size);
        at_ += size;
        co_return size;
    }

    [[nodiscard]] asio::awaitable<std::size_t> write(const Pieces& pieces, boost::system::error_code& ec)
        override
    {
        if (closed_)
            ec = asio::error::operation_aborted;
        pieces_ = answer_();
        piece_ = 0;
        at_ = 0;
        co_return asio::buffer_size(pieces);
    }

    [[nodiscard]] bool is_quiet() override { return piece_ == pieces_.size(); }
    void close() noexcept override { closed_ = true; }

private:
    std::function<AnswerPieces()>& answer_;
    AnswerPieces pieces_;
    std::size_t piece_ = 0;
    std::size_t at_ = 0;
    bool closed_ = false;
};

}  // namespace

asio::awaitable<base::Result<std::unique_ptr<http::Stream>>> MemoryConnector::connect(
    const http::Origin& /*origin*/,
    const http::AddressGuard* /*guard*/,
    const http::Route* /*route*/,
    http::ConnectReport& report
)
{
    report.peer = {asio::ip::address_v4::loopback(), 80};
    std::unique_ptr<http::Stream> stream = std::make_unique<MemoryStream>(answer_);
    co_return std::move(stream);
}

}  // namespace pollhook::fuzz
