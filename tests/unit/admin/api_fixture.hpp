#pragma once

#include "pollhook/admin/api.hpp"
#include "pollhook/base/random.hpp"
#include "pollhook/base/system_clock.hpp"
#include "pollhook/base/task_group.hpp"
#include "pollhook/delivery/dispatcher.hpp"
#include "pollhook/http/server.hpp"
#include "pollhook/poll/poller.hpp"
#include "pollhook/sink/sink.hpp"
#include "pollhook/store/sqlite_store.hpp"
#include "support/raw_client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/json/value.hpp>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace pollhook::admin {

/// A relay that has nothing to say: the pollers of these tests never run.
class SilentProvider final : public provider::Provider {
public:
    [[nodiscard]] std::size_t batch_size() const noexcept override { return 50; }
    [[nodiscard]] boost::asio::awaitable<provider::LookResult> look(std::span<const std::string> ids
    ) override;
    [[nodiscard]] base::Result<task::Snapshot> snapshot(std::string_view raw) const override;
};

/// A receiver that answers as the test says.
class AnsweringSink final : public sink::Sink {
public:
    struct Script {
        std::atomic<int> http_status = 204;
        std::atomic<int> asked = 0;
    };
    explicit AnsweringSink(std::shared_ptr<Script> script) : script_(std::move(script)) {}
    [[nodiscard]] boost::asio::awaitable<sink::Outcome> deliver(const sink::Message& message) override;
    [[nodiscard]] std::string public_key() const override { return "whpk_open"; }

private:
    std::shared_ptr<Script> script_;
};

/// The API as the daemon composes it: a real server in front, a real store behind, on a loop of its own.
/// It has the sinks `ops` and `off`, which is disabled; `old` is no longer configured.
class ApiTest : public ::testing::Test {
protected:
    struct Reply {
        int status = 0;
        boost::json::value body;
        std::string text;
        std::map<std::string, std::string> fields;
    };

    explicit ApiTest(std::string_view token = {});
    ~ApiTest() override;

    Reply get(std::string_view target) { return ask("GET", target); }
    Reply post(std::string_view target, std::string_view body, std::string_view type = "application/json");
    Reply remove(std::string_view target) { return ask("DELETE", target); }
    Reply ask(
        std::string_view method, std::string_view target, std::string fields = {}, std::string_view body = {}
    );

    /// Registers with a webhook URL of its own.
    void add_task(const std::string& id);
    /// What a poller does when a task has changed: one transition, its event and a delivery to the task's
    /// URL.
    void record(const std::string& id, task::Status status, int progress);
    /// What the dispatcher does after an attempt.
    void settle_newest(store::DeliveryState state, int http_status);
    [[nodiscard]] const store::DeliveryKey& newest() const { return deliveries_.back(); }
    /// From now on the dispatcher delivers and carries out jobs.
    void deliver();
    /// Asks until the API's answer is as wanted; gives up after a while.
    testing::AssertionResult becomes(
        std::string_view target, const std::function<bool(const boost::json::value&)>& wanted
    );

    template <class T>
    T on_loop(store::Store::Operation<T> operation)
    {
        return boost::asio::co_spawn(loop_, std::move(operation), boost::asio::use_future).get().value();
    }
    store::Store& store() { return *store_; }
    /// A reload that changes nothing.
    void reload();
    [[nodiscard]] boost::asio::ip::tcp::endpoint endpoint() const { return server_->endpoints().front(); }
    base::SystemClock& clock() { return clock_; }
    poll::Poller& poller() { return *poller_; }
    /// What all receivers answer.
    AnsweringSink::Script& receivers() { return *receivers_; }

private:
    void add_sinks();

    std::filesystem::path directory_;
    boost::asio::io_context loop_{1};
    base::SystemClock clock_{loop_};
    base::Random random_{1};
    SilentProvider provider_;
    http::AddressGuard guard_{{}, {}, false};
    std::optional<poll::Routing> routing_;
    std::unique_ptr<store::SqliteStore> store_;
    std::unique_ptr<delivery::Dispatcher> dispatcher_;
    std::shared_ptr<AnsweringSink::Script> receivers_ = std::make_shared<AnsweringSink::Script>();
    base::TaskGroup delivering_{loop_.get_executor()};
    std::unique_ptr<poll::Poller> poller_;
    std::unique_ptr<http::Server> server_;
    std::optional<Api> api_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{loop_.get_executor()};
    std::future<void> served_;
    std::thread thread_;
    std::unique_ptr<test::RawClient> client_;
    std::vector<store::DeliveryKey> deliveries_;
};

/// What a problem document says to a person.
std::string detail(const boost::json::value& problem);

}  // namespace pollhook::admin
