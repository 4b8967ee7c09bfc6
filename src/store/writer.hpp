#pragma once

#include "pollhook/base/episode.hpp"
#include "pollhook/base/histogram.hpp"
#include "session.hpp"
#include "state_directory.hpp"
#include "work.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace pollhook::store {

/// The writing operations' queue and their group commit.
///
/// Each job is posted to the store thread, which gathers them; the first one also posts a flush behind
/// whatever is queued already. So a lone job is committed at once, and while a commit runs the next batch
/// gathers. A flush executes all its jobs in one transaction and completes all of them by one message to the
/// loop.
///
/// When a commit or an I/O operation fails nothing is tried again: every job from then on fails, since what
/// failed may be stored all the same and a repeated sync would not tell. Only a full disk is survived:
/// without the registrations, with the help of the reserve.
class Writer : public std::enable_shared_from_this<Writer> {
public:
    using Works = WorkList<Session>;

    /// `directory` may be null (no reserve) and must outlive this.
    Writer(
        boost::asio::any_io_executor loop,
        boost::asio::any_io_executor thread,
        std::unique_ptr<Session> session,
        StateDirectory* directory,
        std::uint64_t max_size
    );

    /// From the loop.
    void enqueue(std::unique_ptr<Work<Session>> job);
    [[nodiscard]] const boost::asio::any_io_executor& loop() const noexcept { return loop_; }
    /// Any thread.
    void set_max_size(std::uint64_t bytes) noexcept { max_size_ = bytes; }
    /// See Store::space(). For a job, on the store thread.
    [[nodiscard]] Space space();

    /// Any thread may read them.
    [[nodiscard]] const base::Histogram& commit_durations() const noexcept { return commit_durations_; }

    /// See Store::on_new_events(). On the loop.
    void on_new_events(std::function<void()> listener) { listener_ = std::move(listener); }

    /// Closes without finishing what waits: it is dropped with those who wait for it. Only while the store
    /// thread does not run.
    void abandon() noexcept;

private:
    using Batch = std::vector<Work<Session>*>;

    void gather(std::unique_ptr<Work<Session>> job);
    void post_flush();
    void flush();
    [[nodiscard]] Works take_batch();
    void run(const Batch& batch);
    [[nodiscard]] bool has_space();
    /// Fails the registrations with Errc::full; the others.
    [[nodiscard]] static Batch refuse_registrations(const Batch& batch);
    void run_one_by_one(const Batch& jobs);
    /// One transaction around all of `jobs`. Errc::full and Errc::conflict: nothing was written. Anything
    /// else breaks the store.
    [[nodiscard]] std::optional<Errc> transact(const Batch& jobs);
    [[nodiscard]] std::optional<Errc> undo(Errc reason, const char* what);
    Errc break_down(Errc reason, const char* what);
    static void fail(const Batch& jobs, Errc reason);
    void release_reserve();
    /// Looks now and then whether a full disk has space again, and says so.
    void look_for_space();
    void note_space();
    bool begin_log_anew();
    void checkpoint(Session::Load load);
    void close();
    void end() noexcept;

    boost::asio::any_io_executor loop_;
    boost::asio::any_io_executor thread_;
    StateDirectory* directory_;
    std::atomic<std::uint64_t> max_size_;
    base::Histogram commit_durations_;
    std::function<void()> listener_;  // the loop's

    // What follows belongs to the store thread.
    std::unique_ptr<Session> session_;
    Works gathered_;
    bool flush_posted_ = false;
    std::optional<Errc> broken_;
    base::Episode disk_full_;
    base::Episode over_size_;
    base::SteadyPoint next_look_for_space_{};
};

}  // namespace pollhook::store
