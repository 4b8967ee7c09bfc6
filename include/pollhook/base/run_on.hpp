#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <type_traits>
#include <utility>

namespace pollhook::base {

/// The part of run_on() that runs on the other executor.
template <class R, class F>
boost::asio::awaitable<R> call_there(F& work)
{
    co_return work();
}

/// Runs blocking `work` on `executor`; the caller resumes on its own executor.
///
/// The work always runs to its end, even when the caller is cancelled meanwhile. It must not see the
/// caller's cancellation: Asio 1.26 leaves a dangling signal behind when a cancellation crosses
/// executors (fixed by asio beded7e3, Boost 1.84).
template <class F>
boost::asio::awaitable<std::invoke_result_t<F&>> run_on(boost::asio::any_io_executor executor, F work)
{
    using R = std::invoke_result_t<F&>;
    // `work` lives in this frame, which waits for the call whatever happens.
    boost::asio::awaitable<R> call = call_there<R>(work);
    co_return co_await boost::asio::co_spawn(
        executor,
        std::move(call),
        boost::asio::bind_cancellation_slot(boost::asio::cancellation_slot(), boost::asio::use_awaitable)
    );
}

}  // namespace pollhook::base
