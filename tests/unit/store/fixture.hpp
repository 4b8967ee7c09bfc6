#pragma once

#include "pollhook/store/sqlite_store.hpp"
#include "pollhook/task/detect.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

struct sqlite3;

namespace pollhook::store {

inline constexpr base::TimePoint noon = base::from_unix_ms(1'800'000'000'000);
/// When tests prune, later than everything else that happens in them.
inline constexpr base::TimePoint pruning = noon + std::chrono::hours(1000);

inline Addressee to(const SinkRow& sink)
{
    Addressee addressee;
    addressee.sink = sink.id;
    addressee.origin = sink.origin;
    return addressee;
}

/// A directory that lives as long as the test.
class TemporaryDirectory {
public:
    TemporaryDirectory();
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    ~TemporaryDirectory();

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

private:
    std::filesystem::path path_;
};

/// Watches the connections that are opened while it lives: the first one is the writer's.
class Connections {
public:
    Connections();
    Connections(const Connections&) = delete;
    Connections& operator=(const Connections&) = delete;
    ~Connections();

    [[nodiscard]] static sqlite3* writer();
    /// Of the writer, from its opening on.
    [[nodiscard]] static int commits();
    static void refuse_commits();
    /// Runs SQL on the writing connection; only while it is idle.
    static void execute(const std::string& sql);
};

/// A task as the poller knows it: makes the changes that it goes through, each a minute after the one before.
class Story {
public:
    Story(TaskRow row, std::string id) : row_(row), key_{"relay", std::move(id)} {}

    Change next(task::Status status, std::int8_t progress = -1);
    Change progress(std::int8_t percent) { return next(task::Status::running, percent); }
    Change updated();

    [[nodiscard]] TaskRow row() const noexcept { return row_; }
    [[nodiscard]] const task::TaskKey& key() const noexcept { return key_; }
    [[nodiscard]] base::TimePoint now() const noexcept { return now_; }

private:
    Change make(const task::Transition& transition, std::string upstream_status);

    TaskRow row_;
    task::TaskKey key_;
    task::Known known_;
    base::TimePoint now_ = noon;
};

class StoreTest : public ::testing::Test {
protected:
    [[nodiscard]] SqliteOptions options() const;
    void open() { open(options()); }
    void open(SqliteOptions options);
    /// As after a kill: without close().
    void reopen();
    void close();
    SqliteStore& store() { return *store_; }
    [[nodiscard]] const std::filesystem::path& directory() const noexcept { return directory_.path(); }
    [[nodiscard]] std::filesystem::path file() const { return directory() / "pollhook.db"; }

    /// Starts an operation; its result is there after run_all().
    template <class T>
    std::shared_ptr<std::optional<base::Result<T>>> start(Store::Operation<T> operation)
    {
        auto result = std::make_shared<std::optional<base::Result<T>>>();
        boost::asio::co_spawn(
            loop_,
            std::move(operation),
            [result](std::exception_ptr failure, base::Result<T> value) {
                if (failure)
                    std::rethrow_exception(failure);
                *result = std::move(value);
            }
        );
        return result;
    }
    void run_all();

    template <class T>
    base::Result<T> try_run(Store::Operation<T> operation)
    {
        auto result = start(std::move(operation));
        run_all();
        return std::move(**result);
    }
    template <class T>
    T run(Store::Operation<T> operation)
    {
        return try_run(std::move(operation)).value();
    }

    Story add_task(const std::string& id, const std::string& url = {});
    SinkRow open_sink(const std::string& name);
    Recorded record(Change change, std::size_t room = 100);
    Settled settle(const DeliveryKey& key, DeliveryState state, std::size_t room = 100);
    /// Back in the queue, after an attempt that failed.
    Settled settle_again(const DeliveryKey& key, base::TimePoint due);
    DeliverySummary delivery(const DeliveryKey& key);
    DeliveryState state(const DeliveryKey& key) { return delivery(key).state; }
    /// The kept counts agree with the rows.
    void expect_right_counts();

    boost::asio::io_context loop_{1};
    /// Given to the store by options_by_hand(), so that a test decides when it works.
    boost::asio::io_context store_thread_{1};
    [[nodiscard]] SqliteOptions options_by_hand();

private:
    TemporaryDirectory directory_;
    std::unique_ptr<SqliteStore> store_;
};

}  // namespace pollhook::store
