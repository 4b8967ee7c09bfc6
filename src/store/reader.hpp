#pragma once

#include "queries.hpp"
#include "work.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>

namespace pollhook::store {

/// Runs queries one after the other on a thread of their own, each in a short transaction (one state of the
/// database), and completes each on the loop.
class Reader : public std::enable_shared_from_this<Reader> {
public:
    Reader(
        boost::asio::any_io_executor loop,
        boost::asio::any_io_executor thread,
        std::unique_ptr<Queries> queries
    );

    /// From the loop.
    void enqueue(std::unique_ptr<Work<Queries>> job);
    [[nodiscard]] const boost::asio::any_io_executor& loop() const noexcept { return loop_; }

    /// Closes without answering what waits. Only while the read thread does not run.
    void abandon() noexcept { queries_.reset(); }

private:
    void run(Work<Queries>& job);

    boost::asio::any_io_executor loop_;
    boost::asio::any_io_executor thread_;
    std::unique_ptr<Queries> queries_;  // the read thread's
};

}  // namespace pollhook::store
