#include "pollhook/admin/api.hpp"
#include "pollhook/base/task_group.hpp"
#include "pollhook/store/sqlite_store.hpp"
#include "support/manual_clock.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/parse.hpp>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

namespace pollhook::admin {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

/// The API over a store that works only when the test lets it.
class ReadinessTest : public ::testing::Test {
protected:
    ReadinessTest()
    {
        std::string name = (std::filesystem::temp_directory_path() / "pollhook-ready-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr)
            throw std::runtime_error("no temporary directory");
        directory_ = name;
        store::SqliteOptions options;
        options.directory = directory_;
        options.writer = store_thread_.get_executor();
        options.reader = store_thread_.get_executor();
        store_ = std::make_unique<store::SqliteStore>(loop_.get_executor(), std::move(options));
        delivery::Dispatcher::Surroundings around;
        around.store = store_.get();
        around.clock = &clock_;
        around.random = &random_;
        dispatcher_ =
            std::make_unique<delivery::Dispatcher>(loop_.get_executor(), config::Delivery{}, around);
        Api::Surroundings parts;
        parts.store = store_.get();
        parts.clock = &clock_;
        parts.dispatcher = dispatcher_.get();
        parts.guard = &guard_;
        parts.reloading = &reloading_;
        api_ = std::make_unique<Api>(Access(config::Admin{}, {}), std::move(parts));
        request_.method = "GET";
        request_.peer = "unix";
    }
    ~ReadinessTest() override
    {
        let_store_work();
        api_.reset();
        dispatcher_.reset();
        store_.reset();
        std::error_code ignored;
        std::filesystem::remove_all(directory_, ignored);
    }

    /// Null until it was answered.
    std::shared_ptr<std::unique_ptr<http::ServerResponse>> ask(const char* path)
    {
        request_.path = path;
        auto answer = std::make_shared<std::unique_ptr<http::ServerResponse>>();
        asio::co_spawn(
            loop_,
            api_->respond(request_),
            [answer](const std::exception_ptr& failure, http::ServerResponse response) {
                if (failure)
                    std::rethrow_exception(failure);
                *answer = std::make_unique<http::ServerResponse>(std::move(response));
            }
        );
        turn();
        return answer;
    }
    void turn()
    {
        loop_.restart();
        loop_.poll();
    }
    void let_store_work()
    {
        for (int i = 0; i < 10; ++i) {
            store_thread_.restart();
            store_thread_.poll();
            turn();
        }
    }
    /// What /metrics says of the tasks that a provider has.
    std::string queued()
    {
        const auto answer = ask("/metrics");
        let_store_work();
        const std::string& text = (*answer)->body;
        const std::string series = "pollhook_tasks{provider=\"relay\",status=\"queued\"} ";
        const auto at = text.find(series);
        return at == std::string::npos ? "" : text.substr(at + series.size(), 1);
    }
    void add_task(const char* id)
    {
        store::Registration registration;
        registration.key = {"relay", id};
        std::vector<store::Registration> batch{registration};
        asio::co_spawn(loop_, store_->register_tasks(std::move(batch), clock_.now()), [](auto...) {});
        turn();
        let_store_work();
    }

    asio::io_context loop_{1};
    asio::io_context store_thread_{1};
    test::ManualClock clock_{loop_};
    base::Random random_{1};
    http::AddressGuard guard_{{}, {}, false};
    std::filesystem::path directory_;
    std::unique_ptr<store::SqliteStore> store_;
    std::unique_ptr<delivery::Dispatcher> dispatcher_;
    Reloading reloading_;
    std::unique_ptr<Api> api_;
    http::ServerRequest request_;
};

TEST_F(ReadinessTest, AStoreThatHangsMakesItUnready)
{
    const auto first = ask("/readyz");
    EXPECT_FALSE(*first) << "it waits for the store";
    clock_.advance(3s);
    turn();
    const auto second = ask("/readyz");
    ASSERT_TRUE(*second) << "whoever comes later is told at once";
    EXPECT_EQ((*second)->status, 503);
    const auto body = boost::json::parse((*second)->body);
    EXPECT_EQ(body.at("detail"), "the store has not answered for 3s");
    EXPECT_EQ(body.at("checks").at(0).at("status"), "failing");

    let_store_work();
    ASSERT_TRUE(*first);
    EXPECT_EQ((*first)->status, 200);
    const auto third = ask("/readyz");
    let_store_work();
    EXPECT_EQ((*third)->status, 200);
}

TEST_F(ReadinessTest, AStoreThatTakesNothingMakesItUnreadyUntilItDoes)
{
    const auto ask_now = [this] {
        const auto answer = ask("/readyz");
        let_store_work();
        return std::move(**answer);
    };
    EXPECT_EQ(ask_now().status, 200);
    store_->set_max_size(1);
    const http::ServerResponse full = ask_now();
    EXPECT_EQ(full.status, 503);
    const auto body = boost::json::parse(full.body);
    EXPECT_EQ(body.at("detail"), "the database has reached store.max_size, so no new task is taken");
    EXPECT_EQ(body.at("checks").at(0).at("status"), "ok") << "the store answers";
    EXPECT_EQ(body.at("checks").at(1).at("name"), "space");
    EXPECT_EQ(body.at("checks").at(1).at("status"), "failing");
    EXPECT_EQ((*ask("/livez"))->status, 200);

    store_->set_max_size(1'000'000'000);
    EXPECT_EQ(ask_now().status, 200);
}

TEST_F(ReadinessTest, ADispatcherThatDoesNotRunAnyMoreMakesItUnready)
{
    const auto detail = [this] {
        const auto answer = ask("/readyz");
        let_store_work();
        const auto body = boost::json::parse((*answer)->body);
        const auto* const said = body.as_object().if_contains("detail");
        return said == nullptr ? std::string() : std::string(said->as_string());
    };
    base::TaskGroup running(loop_.get_executor());
    running.spawn(dispatcher_->run());
    let_store_work();
    EXPECT_EQ(detail(), "");
    // A store that hangs leaves an announcement unsettled; the dispatcher says so after its patience.
    dispatcher_->announce({});
    (void)ask("/readyz");  // it waits for the store
    clock_.advance(3s);
    const auto early = ask("/readyz");
    ASSERT_TRUE(*early);
    EXPECT_EQ((*early)->body.find("the dispatcher does not run"), std::string::npos) << (*early)->body;
    clock_.advance(31s);
    const auto late = ask("/readyz");
    ASSERT_TRUE(*late);
    EXPECT_NE((*late)->body.find("the dispatcher does not run"), std::string::npos) << (*late)->body;
    let_store_work();
    EXPECT_EQ(detail(), "");

    running.cancel();
    asio::co_spawn(loop_, running.join(), [](const std::exception_ptr&) {});
    let_store_work();
}

TEST_F(ReadinessTest, LivenessDoesNotAskTheStore)
{
    EXPECT_EQ((*ask("/livez"))->status, 200);
}

TEST_F(ReadinessTest, AScrapeWhileTheStoreHangsHasTheLastNumbers)
{
    add_task("1");
    EXPECT_EQ(queued(), "1");
    clock_.advance(1s);
    const auto hanging = ask("/metrics");
    EXPECT_FALSE(*hanging);
    const auto other = ask("/metrics");
    ASSERT_TRUE(*other);
    EXPECT_NE(
        (*other)->body.find("pollhook_tasks{provider=\"relay\",status=\"queued\"} 1"), std::string::npos
    );
    let_store_work();
    EXPECT_TRUE(*hanging);
}

TEST_F(ReadinessTest, TheStoreIsReadOnceASecondAtMost)
{
    add_task("1");
    EXPECT_EQ(queued(), "1");
    add_task("2");
    clock_.advance(999ms);
    EXPECT_EQ(queued(), "1");
    clock_.advance(1ms);
    EXPECT_EQ(queued(), "2");
}

TEST_F(ReadinessTest, ARefusedReloadIsAMetric)
{
    const auto has = [&](const char* line) {
        return (*ask("/metrics"))->body.find(line) != std::string::npos;
    };
    (void)queued();
    EXPECT_TRUE(has("pollhook_config_last_reload_success 1\n"));
    ReloadResult wrong;
    wrong.kind = ReloadResult::Kind::wrong;
    reloading_.last = wrong;
    EXPECT_TRUE(has("pollhook_config_last_reload_success 0\n"));
}

}  // namespace
}  // namespace pollhook::admin
