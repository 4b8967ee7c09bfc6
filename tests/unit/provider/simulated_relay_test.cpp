#include "pollhook/base/system_clock.hpp"
#include "pollhook/base/task_group.hpp"
#include "pollhook/http/client.hpp"
#include "pollhook/provider/factory.hpp"
#include "pollhook/simulator/relay.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace pollhook::provider {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

/// A provider and the simulator's relay on one loop.
class SimulatedRelayTest : public testing::Test {
protected:
    void start(simulator::RelayOptions options, config::ProviderType type)
    {
        options.api_key = "sk-simulated";
        options.speed = 1e-6;  // nothing moves between a look and its check
        relay_ = std::make_unique<simulator::Relay>(loop_, clock_, std::move(options));
        relay_->open();
        serving_.spawn(relay_->run());
        settings_.name = "simulated";
        settings_.type = type;
        settings_.base_url = relay_->base_url();
        if (settings_.api_key.empty())
            settings_.api_key = config::Secret("sk-simulated");
        settings_.request_timeout = std::chrono::seconds(10);
        provider_ = make_provider(settings_, clock_, client_);
    }

    void TearDown() override
    {
        run(client_.close());
        serving_.cancel();
        run(serving_.join());
    }

    template <class T>
    T run(boost::asio::awaitable<T> task)
    {
        std::future<T> result = boost::asio::co_spawn(loop_, std::move(task), boost::asio::use_future);
        loop_.restart();
        while (result.wait_for(std::chrono::seconds(0)) != std::future_status::ready)
            loop_.run_one();
        return result.get();
    }

    LookResult look(const std::vector<std::string>& ids) { return run(provider_->look(ids)); }

    std::vector<std::string> add_tasks(std::size_t count)
    {
        std::vector<std::string> ids;
        for (std::size_t i = 0; i < count; ++i)
            ids.push_back(relay_->add_random_task());
        return ids;
    }

    /// What a look says must be what the relay knows, whatever goes wrong on the way.
    void expect_truth(const LookResult& result, const std::vector<std::string>& ids)
    {
        std::set<std::string_view> seen;
        for (const task::Observation& one : result.answer.observations) {
            EXPECT_TRUE(seen.insert(one.id).second);
            EXPECT_EQ(one.upstream_status, relay_->status_of(one.id));
            EXPECT_TRUE(provider_->snapshot(one.raw));
        }
        for (const std::string& id : result.answer.missing)
            EXPECT_TRUE(seen.insert(id).second) << id << " is seen and missing";
        if (!result.failure) {
            EXPECT_EQ(seen.size(), ids.size());
        }
    }

    boost::asio::io_context loop_{1};
    base::SystemClock clock_{loop_};
    http::Client client_{loop_, clock_, http::ClientOptions()};
    config::Provider settings_;
    std::unique_ptr<simulator::Relay> relay_;
    std::unique_ptr<Provider> provider_;
    base::TaskGroup serving_{loop_.get_executor()};
};

class BothDialectsTest : public SimulatedRelayTest,
                         public testing::WithParamInterface<config::ProviderType> {};

TEST_P(BothDialectsTest, SeesEveryTask)
{
    start({}, GetParam());
    const std::vector<std::string> ids = add_tasks(20);
    const LookResult result = look(ids);
    EXPECT_FALSE(result.failure);
    EXPECT_EQ(result.answer.observations.size(), ids.size());
    expect_truth(result, ids);
    EXPECT_EQ(result.answer.requests, relay_->counters().requests());
}

TEST_P(BothDialectsTest, TellsTheTruthThroughEveryFault)
{
    start({}, GetParam());
    const std::vector<std::string> ids = add_tasks(20);
    for (const std::string fault :
         {"500:0.5",
          "503:0.5",
          "429:0.5:30",
          "401:0.5",
          "301:0.5",
          "html:0.5",
          "empty:0.5",
          "badjson:0.5",
          "success-false:0.5",
          "reset:0.5",
          "truncate:0.5",
          "redirect:0.5",
          "duplicate:0.5",
          "foreign:0.5",
          "omit:0.3",
          "baditem:0.5",
          "big:0.2"}) {
        relay_->set_faults({fault});
        for (int i = 0; i < 6; ++i)
            expect_truth(look(ids), ids);
    }
    relay_->set_faults({});
    const LookResult calm = look(ids);
    EXPECT_FALSE(calm.failure);
    EXPECT_EQ(calm.answer.observations.size(), ids.size());
}

TEST_P(BothDialectsTest, ReportsAWrongKeyAsTheProvidersTrouble)
{
    settings_.api_key = config::Secret("sk-wrong");
    start({}, GetParam());
    const std::vector<std::string> ids = add_tasks(3);
    const LookResult result = look(ids);
    ASSERT_TRUE(result.failure);
    EXPECT_EQ(make_error_code(result.failure->kind), Failure::key_refused);
    EXPECT_THAT(result.answer.observations, IsEmpty());
    EXPECT_THAT(result.answer.missing, IsEmpty());
    EXPECT_EQ(relay_->counters().requests(), 1U);
}

TEST_P(BothDialectsTest, MissesARemovedTask)
{
    start({}, GetParam());
    const std::vector<std::string> ids = add_tasks(4);
    relay_->remove_task(ids[1]);
    const LookResult result = look(ids);
    EXPECT_FALSE(result.failure);
    EXPECT_THAT(result.answer.missing, ElementsAre(ids[1]));
    EXPECT_EQ(result.answer.observations.size(), 3U);
}

INSTANTIATE_TEST_SUITE_P(
    Dialects,
    BothDialectsTest,
    testing::Values(config::ProviderType::midjourney_proxy, config::ProviderType::ohmygpt),
    [](const auto& dialect) {
        return dialect.param == config::ProviderType::ohmygpt ? "Ohmygpt" : "MidjourneyProxy";
    }
);

TEST_F(SimulatedRelayTest, LooksAroundAPoisonousTask)
{
    start({}, config::ProviderType::midjourney_proxy);
    const std::vector<std::string> ids = add_tasks(50);
    relay_->poison(ids[31]);
    const LookResult result = look(ids);
    EXPECT_EQ(result.answer.observations.size(), 49U);
    ASSERT_TRUE(result.failure);
    EXPECT_EQ(result.failure->kind, Errc::refused);
}

TEST_F(SimulatedRelayTest, FindsTheBatchThatARelayTakes)
{
    simulator::RelayOptions options;
    options.batch_limit = 20;
    start(std::move(options), config::ProviderType::midjourney_proxy);
    const std::vector<std::string> ids = add_tasks(50);
    const LookResult result = look(ids);
    EXPECT_FALSE(result.failure);
    EXPECT_EQ(result.answer.observations.size(), 50U);
}

class PageShapeTest : public SimulatedRelayTest, public testing::WithParamInterface<simulator::PageShape> {};

TEST_P(PageShapeTest, SeesEveryTask)
{
    simulator::RelayOptions options;
    options.page_shape = GetParam();
    start(std::move(options), config::ProviderType::ohmygpt);
    const std::vector<std::string> ids = add_tasks(20);
    const LookResult result = look(ids);
    EXPECT_FALSE(result.failure);
    EXPECT_EQ(result.answer.observations.size(), 20U);
    if (GetParam() != simulator::PageShape::first_task_only) {
        EXPECT_LE(result.answer.requests, 2U);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Shapes,
    PageShapeTest,
    testing::Values(
        simulator::PageShape::total_and_tasks,
        simulator::PageShape::bare_array,
        simulator::PageShape::first_task_only
    )
);

TEST_F(SimulatedRelayTest, DiscoversTasksWithTheirOwnHooks)
{
    settings_.discover = true;
    start({}, config::ProviderType::ohmygpt);
    simulator::TaskLife life;
    life.steps.emplace_back();
    life.webhook_url = "https://hooks.example.com/mine";
    relay_->add_task("1743326750223591", life);
    const LookResult result = run(provider_->discover());
    EXPECT_FALSE(result.failure);
    ASSERT_THAT(result.answer.observations, Not(IsEmpty()));
    const auto snapshot = provider_->snapshot(result.answer.observations[0].raw);
    ASSERT_TRUE(snapshot);
    EXPECT_EQ(snapshot->callback_url, "https://hooks.example.com/mine");
}

}  // namespace
}  // namespace pollhook::provider
