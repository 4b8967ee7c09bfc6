#pragma once

#include "fuzz/input.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <optional>
#include <utility>

namespace pollhook::fuzz {

/// Runs `work` to its end on a loop that needs nothing from outside; anything that waits for ever is a find.
template <class T>
T run(boost::asio::io_context& loop, boost::asio::awaitable<T> work)
{
    std::optional<T> result;
    boost::asio::co_spawn(loop, std::move(work), [&](std::exception_ptr failure, T value) {
        if (failure)
            std::rethrow_exception(failure);
        result.emplace(std::move(value));
    });
    loop.restart();
    loop.poll();
    expect(result.has_value(), "it comes to an end");
    return std::move(*result);
}

inline void run(boost::asio::io_context& loop, boost::asio::awaitable<void> work)
{
    bool ended = false;
    boost::asio::co_spawn(loop, std::move(work), [&](std::exception_ptr failure) {
        if (failure)
            std::rethrow_exception(failure);
        ended = true;
    });
    loop.restart();
    loop.poll();
    expect(ended, "it comes to an end");
}

}  // namespace pollhook::fuzz
