#include "pollhook/poll/routing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pollhook::poll {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

task::Transition step(task::EventType type, int from = 0, int to = 0)
{
    task::Transition transition;
    transition.type = type;
    transition.from_progress = static_cast<std::int8_t>(from);
    transition.to_progress = static_cast<std::int8_t>(to);
    return transition;
}

class RoutingTest : public ::testing::Test {
protected:
    config::Sink& sink(int id)
    {
        store::SinkRow row;
        row.id = store::SinkId{id};
        row.origin = store::OriginId{id};
        rows_.push_back(row);
        return sinks_.emplace_back();
    }
    [[nodiscard]] std::vector<int> sinks(const task::Transition& transition, const char* provider = "relay")
        const
    {
        std::vector<int> ids;
        for (const store::Addressee& to : routing().destinations(provider, action_, transition).addressees)
            ids.push_back(static_cast<int>(to.sink));
        return ids;
    }
    [[nodiscard]] Routing routing() const { return {task_webhooks_, sinks_, rows_}; }

    std::string action_;
    config::TaskWebhooks task_webhooks_;
    std::vector<config::Sink> sinks_;
    std::vector<store::SinkRow> rows_;
};

TEST_F(RoutingTest, SendsWhatASinkWants)
{
    sink(1).events = {"task.succeeded", "task.failed"};
    sink(2).events = {"task.*"};
    EXPECT_THAT(sinks(step(task::EventType::succeeded)), ElementsAre(1, 2));
    EXPECT_THAT(sinks(step(task::EventType::running)), ElementsAre(2));
}

TEST_F(RoutingTest, SendsOnlyTheProvidersThatASinkNames)
{
    sink(1).providers = {"other"};
    sink(2);
    EXPECT_THAT(sinks(step(task::EventType::running)), ElementsAre(2));
    EXPECT_THAT(sinks(step(task::EventType::running), "other"), ElementsAre(1, 2));
}

TEST_F(RoutingTest, TellsProgressAtEveryStepThatIsReachedOrPassed)
{
    sink(1).min_progress_step = 10;
    EXPECT_THAT(sinks(step(task::EventType::progress, 0, 9)), IsEmpty());
    EXPECT_THAT(sinks(step(task::EventType::progress, 9, 10)), ElementsAre(1));
    EXPECT_THAT(sinks(step(task::EventType::progress, 11, 19)), IsEmpty());
    EXPECT_THAT(sinks(step(task::EventType::progress, 19, 45)), ElementsAre(1));
    EXPECT_THAT(sinks(step(task::EventType::running, 0, 1)), ElementsAre(1));
}

TEST_F(RoutingTest, SendsOnlyTheActionsThatASinkNames)
{
    sink(1).actions = {"IMAGINE", "UPSCALE"};
    sink(2);
    EXPECT_THAT(sinks(step(task::EventType::running)), ElementsAre(2));
    action_ = "UPSCALE";
    EXPECT_THAT(sinks(step(task::EventType::running)), ElementsAre(1, 2));
    action_ = "BLEND";
    EXPECT_THAT(sinks(step(task::EventType::running)), ElementsAre(2));
}

TEST_F(RoutingTest, SendsNothingToASinkThatIsNotEnabled)
{
    sink(1).enabled = false;
    sink(2);
    EXPECT_THAT(sinks(step(task::EventType::running)), ElementsAre(2));
}

TEST_F(RoutingTest, HandsOnWhatASinkWantsOfTheMetadata)
{
    sink(1).metadata = {{.key = "shop", .values = {"north", "south"}}};
    sink(2);
    const Destinations to = routing().destinations("relay", action_, step(task::EventType::running));
    ASSERT_EQ(to.addressees.size(), 2U);
    ASSERT_TRUE(to.addressees[0].filter);
    EXPECT_TRUE(to.addressees[0].filter->matches(R"({"shop":"south"})"));
    EXPECT_FALSE(to.addressees[0].filter->matches(R"({"shop":"east"})"));
    EXPECT_FALSE(to.addressees[1].filter);
}

TEST_F(RoutingTest, NamesTheDestinationsThatWantTheLatestOnly)
{
    sink(1).order = config::Order::latest;
    sink(2);
    task_webhooks_.order = config::Order::latest;
    const Destinations to = routing().destinations("relay", action_, step(task::EventType::running));
    EXPECT_TRUE(to.task_webhook);
    EXPECT_TRUE(to.task_webhook_latest);
    ASSERT_EQ(to.addressees.size(), 2U);
    EXPECT_TRUE(to.addressees[0].latest);
    EXPECT_FALSE(to.addressees[1].latest);
}

TEST_F(RoutingTest, TaskWebhooksCanBeSwitchedOffOrFiltered)
{
    task_webhooks_.events = {"task.failed"};
    EXPECT_FALSE(routing().destinations("relay", action_, step(task::EventType::running)).task_webhook);
    EXPECT_TRUE(routing().destinations("relay", action_, step(task::EventType::failed)).task_webhook);
    task_webhooks_.enabled = false;
    EXPECT_FALSE(routing().destinations("relay", action_, step(task::EventType::failed)).task_webhook);
}

}  // namespace
}  // namespace pollhook::poll
