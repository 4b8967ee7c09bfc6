#pragma once

#include <boost/asio/buffer.hpp>

#include <cstddef>
#include <memory>

namespace pollhook::http {

/// Bytes that were read and not yet understood. It starts small, so that thousands of idle connections stay
/// cheap, and grows to its bound, so that no peer can make us hold more.
class ReadBuffer {
public:
    static constexpr std::size_t initial_capacity = 4 * 1024;
    static constexpr std::size_t max_capacity = 64 * 1024;

    /// Room to read into; empty when the buffer is full of bytes that nobody could use yet.
    [[nodiscard]] boost::asio::mutable_buffer prepare();
    /// `count` bytes were read into what prepare() gave.
    void commit(std::size_t count) noexcept;
    /// `count` bytes from the front were understood.
    void consume(std::size_t count) noexcept;

    [[nodiscard]] boost::asio::const_buffer bytes() const noexcept
    {
        return {storage_.get() + first_, last_ - first_};
    }
    [[nodiscard]] bool empty() const noexcept { return first_ == last_; }

private:
    void move_to(std::size_t capacity);

    std::unique_ptr<char[]> storage_;
    std::size_t capacity_ = 0;
    std::size_t first_ = 0;
    std::size_t last_ = 0;
    bool was_filled_ = false;  ///< the last read took all the room there was: more would be of use
};

}  // namespace pollhook::http
