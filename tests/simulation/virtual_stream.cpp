#include "virtual_stream.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <utility>

namespace pollhook::simulation {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

class VirtualStream final : public http::Stream {
public:
    VirtualStream(base::Clock& clock, std::shared_ptr<Link> link)
        : link_(std::move(link)),
          arrived_(clock.make_timer())
    {
        link_->attach(*arrived_);
    }
    VirtualStream(const VirtualStream&) = delete;
    VirtualStream& operator=(const VirtualStream&) = delete;
    ~VirtualStream() override
    {
        link_->detach();
        link_->close();
    }

    /// `ec` belongs to the caller, who waits.
    asio::awaitable<std::size_t> read_some(asio::mutable_buffer into, error_code& ec) override
    {
        const bool throws = co_await asio::this_coro::throw_if_cancelled();
        co_await asio::this_coro::throw_if_cancelled(false);
        bool is_over = co_await is_cancelled();
        while (!is_over && link_->inbox().empty() && !link_->has_ended() && !link_->failure()) {
            co_await arrived_->wait_until(base::SteadyPoint::max());
            is_over = co_await is_cancelled();
        }
        co_await asio::this_coro::throw_if_cancelled(throws);
        std::string& inbox = link_->inbox();
        ec = error_code();
        if (is_over)
            ec = asio::error::operation_aborted;
        else if (link_->failure())
            ec = link_->failure();
        else if (inbox.empty())
            ec = asio::error::eof;
        if (ec)
            co_return 0;
        const std::size_t count = asio::buffer_copy(into, asio::buffer(inbox));
        inbox.erase(0, count);
        co_return count;
    }

    asio::awaitable<std::size_t> write(const Pieces& pieces, error_code& ec) override
    {
        std::string bytes;
        for (const asio::const_buffer& piece : pieces)
            bytes.append(static_cast<const char*>(piece.data()), piece.size());
        const std::size_t count = bytes.size();
        // As into a kernel's buffer: what becomes of it shows when the answer is read.
        const bool is_over = co_await is_cancelled();
        ec = is_over ? error_code(asio::error::operation_aborted) : link_->failure();
        if (ec)
            co_return 0;
        link_->send(std::move(bytes));
        co_return count;
    }

    bool is_quiet() override { return link_->inbox().empty() && !link_->has_ended() && !link_->failure(); }

    void close() noexcept override
    {
        closed_ = true;
        link_->close();
        arrived_->wake();
    }

private:
    asio::awaitable<bool> is_cancelled() const
    {
        const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
        co_return closed_ || state.cancelled() != asio::cancellation_type::none;
    }

    std::shared_ptr<Link> link_;
    std::unique_ptr<base::Timer> arrived_;
    bool closed_ = false;
};

}  // namespace

std::unique_ptr<http::Stream> make_virtual_stream(base::Clock& clock, std::shared_ptr<Link> link)
{
    return std::make_unique<VirtualStream>(clock, std::move(link));
}

}  // namespace pollhook::simulation
