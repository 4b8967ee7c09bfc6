#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/system/error_code.hpp>

#include <array>
#include <cstddef>

namespace pollhook::http {

/// A connected stream of bytes: plain TCP, TLS, or what a simulation makes of it.
///
/// The awaitables carry no coroutine of their own where the transport allows it. An operation that is
/// cancelled, or that is under way when close() comes, completes with operation_aborted. One reader and one
/// writer at a time.
class Stream {
public:
    /// Head and body, gathered into one write.
    using Pieces = std::array<boost::asio::const_buffer, 2>;

    Stream() = default;
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    virtual ~Stream() = default;

    /// Reads at least one byte; asio::error::eof when the peer ended the stream. `ec` must outlive the
    /// operation.
    [[nodiscard]] virtual boost::asio::awaitable<std::size_t> read_some(
        boost::asio::mutable_buffer into, boost::system::error_code& ec
    ) = 0;

    /// Writes what goes without waiting and takes it off `pieces`; nothing where the transport cannot tell.
    /// What is left goes with write().
    virtual void write_now(Pieces& pieces, boost::system::error_code& ec)
    {
        static_cast<void>(pieces);
        static_cast<void>(ec);
    }

    /// Writes all of it. What `pieces` points at and `ec` must outlive the operation.
    [[nodiscard]] virtual boost::asio::awaitable<std::size_t> write(
        const Pieces& pieces, boost::system::error_code& ec
    ) = 0;

    /// True when nothing came from the peer while nothing was expected: it neither ended the stream nor sent
    /// what no request asked for. Costs one system call.
    [[nodiscard]] virtual bool is_quiet() = 0;

    /// Ends the stream at once. Never fails.
    virtual void close() noexcept = 0;
};

}  // namespace pollhook::http
