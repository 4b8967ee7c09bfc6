#include "batch.hpp"
#include "pollhook/sink/signature.hpp"
#include "pollhook/task/trace.hpp"
#include "webhook_fixture.hpp"

#include <boost/json/parse.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace pollhook::sink {
namespace {

using testing::ElementsAre;

Message numbered(std::int64_t row)
{
    static const std::array<std::string, 6> ids{"evt_0", "evt_1", "evt_2", "evt_3", "evt_4", "evt_5"};
    Message message = progress_message();
    message.row = row;
    message.event_id = ids.at(static_cast<std::size_t>(row));
    message.attempt = 1;
    return message;
}

std::vector<std::string> ids_in(const std::string& request)
{
    std::vector<std::string> out;
    const auto events = boost::json::parse(body_of(request));
    for (const auto& event : events.as_array())
        out.emplace_back(event.at("id").as_string().c_str());
    return out;
}

class BatchSinkTest : public WebhookTest {
protected:
    BatchSinkTest()
    {
        config_.format = config::Format::cloudevents;
        config_.batch.max_events = 3;
        config_.batch.max_delay = std::chrono::seconds(2);
    }

    /// A connection that answers each of its requests.
    void expect_requests(const std::vector<std::string>& replies)
    {
        test::RawPeer::Script script;
        for (const std::string& reply : replies) {
            script.push_back(test::read_request());
            script.push_back(test::send_bytes(reply));
        }
        peer_.expect_connection(std::move(script));
    }
};

TEST_F(BatchSinkTest, SendsAFullBatchAtOnceInTheOrderOfTheRows)
{
    config_.secret = config::Secret(secret);
    config_.hub_secret = config::Secret("hub");
    expect_requests({answer("200 OK")});
    const auto third = start(numbered(3));
    const auto first = start(numbered(1));
    clock_.drain();
    EXPECT_TRUE(peer_.requests().empty()) << "it is not full yet";
    const auto second = start(numbered(2));
    for (const auto* each : {&first, &second, &third}) {
        EXPECT_TRUE(outcome_of(*each).delivered);
        EXPECT_EQ(outcome_of(*each).http_status, 200);
    }

    ASSERT_EQ(peer_.requests().size(), 1U);
    const std::string& request = peer_.requests().front();
    EXPECT_THAT(ids_in(request), ElementsAre("evt_1", "evt_2", "evt_3"));
    EXPECT_EQ(field(request, "Content-Type"), "application/cloudevents-batch+json; charset=utf-8");
    EXPECT_TRUE(field(request, "webhook-id").starts_with("batch_"));
    EXPECT_EQ(request.find("pollhook-event"), std::string::npos);
    EXPECT_EQ(request.find("pollhook-task"), std::string::npos);
    EXPECT_TRUE(field(request, "X-Hub-Signature-256").starts_with("sha256="));
    const std::array secrets{secret};
    EXPECT_TRUE(verify(
        secrets,
        field(request, "webhook-id"),
        field(request, "webhook-timestamp"),
        body_of(request),
        field(request, "webhook-signature")
    ));
}

TEST_F(BatchSinkTest, TheRequestHasATraceOfItsOwnAndEachEventKeepsIts)
{
    constexpr std::string_view first_trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    constexpr std::string_view second_trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
    constexpr std::string_view attempt = "00-4bf92f3577b34da6a3ce929d0e0e4736-b9c7c989f97918e1-01";
    expect_requests({answer("200 OK"), answer("200 OK")});
    Message one = numbered(1);
    one.event_trace = first_trace;
    one.trace = attempt;
    one.tracestate = "shop=1";
    Message two = numbered(2);
    two.event_trace = second_trace;
    const auto first = start(one);
    const auto second = start(two);
    const auto third = start(numbered(3));
    EXPECT_TRUE(outcome_of(first).delivered);
    one.attempt = 2;
    const auto alone = start(one);
    EXPECT_TRUE(outcome_of(alone).delivered);

    ASSERT_EQ(peer_.requests().size(), 2U);
    const std::string& together = peer_.requests().front();
    const auto of_request = task::parse_traceparent(field(together, "traceparent"));
    ASSERT_TRUE(of_request) << together;
    EXPECT_NE(of_request->trace, task::parse_traceparent(first_trace)->trace);
    EXPECT_NE(of_request->trace, task::parse_traceparent(second_trace)->trace);
    EXPECT_EQ(field(together, "tracestate"), "");
    EXPECT_NE(together.find(fmt::format(R"("traceparent":"{}")", first_trace)), std::string::npos);
    EXPECT_NE(together.find(fmt::format(R"("traceparent":"{}")", second_trace)), std::string::npos);
    const std::string& single = peer_.requests().back();
    EXPECT_EQ(field(single, "traceparent"), attempt);
    EXPECT_EQ(field(single, "tracestate"), "shop=1");
}

TEST_F(BatchSinkTest, SendsWhatThereIsWhenTheFirstHasWaitedLongEnough)
{
    expect_requests({answer("204 No Content"), answer("204 No Content")});
    const auto first = start(numbered(1));
    clock_.advance(std::chrono::milliseconds(1'500));
    const auto second = start(numbered(2));
    clock_.drain();
    clock_.advance(std::chrono::milliseconds(499));
    EXPECT_TRUE(peer_.requests().empty());
    clock_.advance(std::chrono::milliseconds(1));
    EXPECT_TRUE(outcome_of(first).delivered);
    EXPECT_TRUE(outcome_of(second).delivered);
    EXPECT_EQ(first->outcome->total, std::chrono::seconds(2));
    EXPECT_EQ(second->outcome->total, std::chrono::milliseconds(500));
    EXPECT_THAT(ids_in(peer_.requests().front()), ElementsAre("evt_1", "evt_2"));

    const auto later = start(numbered(3));
    clock_.drain();
    clock_.advance(std::chrono::milliseconds(1'999));
    EXPECT_EQ(peer_.requests().size(), 1U) << "the delay counts anew";
    clock_.advance(std::chrono::milliseconds(1));
    EXPECT_TRUE(outcome_of(later).delivered);
}

TEST_F(BatchSinkTest, TakesOneAnswerForAll)
{
    expect_requests({answer("503 Later", "Retry-After: 9\r\n", "busy")});
    const auto first = start(numbered(1));
    const auto second = start(numbered(2));
    const auto third = start(numbered(3));
    for (const auto* each : {&first, &second, &third}) {
        EXPECT_FALSE(outcome_of(*each).delivered);
        EXPECT_EQ(outcome_of(*each).http_status, 503);
        EXPECT_EQ(outcome_of(*each).retry_after, std::chrono::seconds(9));
        EXPECT_EQ(outcome_of(*each).response_head, "busy");
        EXPECT_EQ(outcome_of(*each).carried, each != &first) << "it counts once for the receiver";
    }
}

TEST_F(BatchSinkTest, SendsAloneWhatHasFailedBefore)
{
    expect_requests({answer("200 OK"), answer("200 OK")});
    const auto waits = start(numbered(1));
    Message again = numbered(2);
    again.attempt = 2;
    EXPECT_TRUE(deliver(again).delivered);
    ASSERT_EQ(peer_.requests().size(), 1U);
    EXPECT_THAT(ids_in(peer_.requests().front()), ElementsAre("evt_2"));
    EXPECT_EQ(field(peer_.requests().front(), "webhook-id"), "evt_2");
    EXPECT_FALSE(waits->outcome);
    clock_.advance(std::chrono::seconds(2));
    EXPECT_TRUE(outcome_of(waits).delivered);
}

TEST_F(BatchSinkTest, SendsATestAlone)
{
    expect_requests({answer("400 Bad Request"), answer("200 OK")});
    const auto waits = start(numbered(1));
    Message test = numbered(2);
    test.type = task::EventType::sink_test;
    EXPECT_FALSE(deliver(test).delivered);
    EXPECT_FALSE(waits->outcome);
    clock_.advance(std::chrono::seconds(2));
    EXPECT_TRUE(outcome_of(waits).delivered);
}

TEST_F(BatchSinkTest, CallsBackOneThatWaitsAndNoOther)
{
    expect_requests({answer("200 OK")});
    const auto first = start(numbered(1));
    const auto second = start(numbered(2));
    call_back(first);
    EXPECT_TRUE(outcome_of(first).cancelled);
    EXPECT_FALSE(second->outcome);
    clock_.advance(std::chrono::seconds(2));
    EXPECT_TRUE(outcome_of(second).delivered);
    EXPECT_THAT(ids_in(peer_.requests().front()), ElementsAre("evt_2"));
}

TEST_F(BatchSinkTest, GivesBackWhatHasNotLeftWhenItIsRecalled)
{
    expect_requests({answer("200 OK")});
    const auto first = start(numbered(1));
    const auto second = start(numbered(2));
    clock_.drain();
    sink().recall();
    for (const auto* each : {&first, &second})
        EXPECT_TRUE(outcome_of(*each).cancelled);
    clock_.advance(std::chrono::seconds(5));
    EXPECT_TRUE(peer_.requests().empty());

    const auto later = start(numbered(3));
    clock_.drain();
    clock_.advance(std::chrono::seconds(2));
    EXPECT_TRUE(outcome_of(later).delivered);
    EXPECT_THAT(ids_in(peer_.requests().front()), ElementsAre("evt_3"));
}

TEST_F(BatchSinkTest, LetsNobodyEndARequestThatOthersWaitFor)
{
    peer_.expect_connection({test::read_request(), test::hang()});
    const auto first = start(numbered(1));
    const auto second = start(numbered(2));
    const auto third = start(numbered(3));  // it is this one that sends
    wait_for_request();
    call_back(third);
    call_back(first);
    clock_.drain();
    EXPECT_FALSE(first->outcome);
    EXPECT_FALSE(second->outcome);
    EXPECT_FALSE(third->outcome);
    call_back(second);
    for (const auto* each : {&first, &second, &third})
        EXPECT_TRUE(outcome_of(*each).cancelled);
}

TEST_F(BatchSinkTest, TheAnswerCountsAlsoForOneThatWasCalledBackTooLate)
{
    expect_requests({answer("200 OK")});
    const auto first = start(numbered(1));
    const auto second = start(numbered(2));
    const auto third = start(numbered(3));
    call_back(third);
    for (const auto* each : {&first, &second, &third})
        EXPECT_TRUE(outcome_of(*each).delivered);
}

TEST_F(BatchSinkTest, TellsHowMuchARequestCarries)
{
    EXPECT_EQ(sink().messages_per_request(), 3U);
    sink_.reset();
    config_.batch = {};
    EXPECT_EQ(sink().messages_per_request(), 1U);
}

TEST(BatchTest, DerivesItsIdFromTheIdsOfItsEvents)
{
    const Message one = numbered(1);
    const Message two = numbered(2);
    const std::array<const Message*, 1> alone{&one};
    const std::array<const Message*, 2> both{&one, &two};
    const std::array<const Message*, 2> turned{&two, &one};
    EXPECT_EQ(batch_id(alone), "evt_1");
    // printf 'evt_1\nevt_2\n' | sha256sum
    EXPECT_EQ(batch_id(both), "batch_a3245b02a47e9903e02715a74e8243e4");
    EXPECT_NE(batch_id(both), batch_id(turned));
}

}  // namespace
}  // namespace pollhook::sink
