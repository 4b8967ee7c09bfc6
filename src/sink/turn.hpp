#pragma once

#include <boost/asio/awaitable.hpp>

#include <list>

namespace pollhook::sink {

/// One coroutine at a time, in the order in which they came. Lives on the loop; nobody may wait when it ends.
class Turn {
public:
    Turn() = default;
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

    /// True: it is the caller's turn, who ends it with pass_on(). False: the coroutine, which must not throw
    /// when it is cancelled, was cancelled.
    [[nodiscard]] boost::asio::awaitable<bool> take();
    void pass_on();

    [[nodiscard]] bool is_taken() const noexcept { return taken_; }

private:
    struct Waiter;

    std::list<Waiter*> waiting_;  ///< each belongs to a take() that is suspended
    bool taken_ = false;
};

}  // namespace pollhook::sink
