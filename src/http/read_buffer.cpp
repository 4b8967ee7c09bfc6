#include "pollhook/http/read_buffer.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace pollhook::http {

boost::asio::mutable_buffer ReadBuffer::prepare()
{
    if (capacity_ == 0)
        move_to(initial_capacity);
    else if (was_filled_ && capacity_ < max_capacity)
        move_to(std::min(capacity_ * 2, max_capacity));
    else if (last_ == capacity_ && first_ > 0)
        move_to(capacity_);
    was_filled_ = false;
    return {storage_.get() + last_, capacity_ - last_};
}

void ReadBuffer::commit(std::size_t count) noexcept
{
    last_ += count;
    was_filled_ = last_ == capacity_;
}

void ReadBuffer::consume(std::size_t count) noexcept
{
    first_ += count;
    if (first_ == last_) {
        first_ = 0;
        last_ = 0;
    }
}

void ReadBuffer::move_to(std::size_t capacity)
{
    const std::size_t held = last_ - first_;
    if (capacity == capacity_) {
        std::memmove(storage_.get(), storage_.get() + first_, held);
    } else {
        auto larger = std::make_unique_for_overwrite<char[]>(capacity);
        if (held > 0)
            std::memcpy(larger.get(), storage_.get() + first_, held);
        storage_ = std::move(larger);
        capacity_ = capacity;
    }
    first_ = 0;
    last_ = held;
}

}  // namespace pollhook::http
