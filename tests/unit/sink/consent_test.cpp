#include "consent.hpp"

#include "webhook_fixture.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace pollhook::sink {
namespace {

using namespace std::chrono_literals;

const std::string allowed = answer("200 OK", "WebHook-Allowed-Origin: pollhook.example.com\r\n");

std::string allowing(int per_minute)
{
    return answer(
        "200 OK", "WebHook-Allowed-Origin: *\r\nWebHook-Allowed-Rate: " + std::to_string(per_minute) + "\r\n"
    );
}

/// The same answer on a connection that ends with it.
std::string closing(std::string reply)
{
    return reply.insert(reply.find("\r\n") + 2, "Connection: close\r\n");
}

class ConsentTest : public WebhookTest {
protected:
    ConsentTest()
    {
        config_.format = config::Format::cloudevents;
        config_.webhook_origin = "pollhook.example.com";
    }

    void expect_requests(const std::vector<std::string>& replies)
    {
        test::RawPeer::Script script;
        for (const std::string& reply : replies) {
            script.push_back(test::read_request());
            script.push_back(test::send_bytes(reply));
        }
        peer_.expect_connection(std::move(script));
    }

    /// `OPTIONS POST `: of every request so far.
    std::string methods()
    {
        std::string all;
        for (const std::string& request : peer_.requests())
            all += request.substr(0, request.find(' ') + 1);
        return all;
    }
};

TEST_F(ConsentTest, IsAskedForBeforeTheFirstDeliveryOnly)
{
    config_.max_per_second = 0.5;
    config::Header header;
    header.name = "X-Key";
    header.value = config::Secret("k");
    config_.headers.push_back(header);
    expect_requests(
        {answer(
             "200 OK",
             "Allow: OPTIONS, POST\r\nWebHook-Allowed-Origin: pollhook.example.com\r\nWebHook-Allowed-Rate: "
             "120\r\n"
         ),
         answer("200 OK"),
         answer("500 Oops")}
    );
    const Outcome first = deliver(progress_message());
    EXPECT_TRUE(first.delivered) << first.detail;
    EXPECT_TRUE(first.consent.value().given);
    EXPECT_EQ(first.consent->per_second, 2.0);
    const Outcome second = deliver(progress_message());
    EXPECT_EQ(second.http_status, 500);
    EXPECT_EQ(second.consent.value().per_second, 2.0);

    ASSERT_EQ(peer_.requests().size(), 3U);
    const std::string& question = peer_.requests()[0];
    EXPECT_TRUE(question.starts_with("OPTIONS /hook?token=1 HTTP/1.1\r\n")) << question;
    EXPECT_EQ(field(question, "WebHook-Request-Origin"), "pollhook.example.com");
    EXPECT_EQ(field(question, "WebHook-Request-Rate"), "30");
    EXPECT_EQ(field(question, "X-Key"), "k");
    EXPECT_EQ(body_of(question), "");
    for (const std::size_t i : {1U, 2U}) {
        EXPECT_TRUE(peer_.requests()[i].starts_with("POST "));
        EXPECT_EQ(field(peer_.requests()[i], "WebHook-Request-Origin"), "pollhook.example.com");
        EXPECT_EQ(field(peer_.requests()[i], "WebHook-Request-Rate"), "");
    }
}

TEST_F(ConsentTest, IsAskedForAnewEveryHourAndTheNewRateHolds)
{
    expect_requests({allowing(60), answer("200 OK")});
    EXPECT_EQ(deliver(progress_message()).consent.value().per_second, 1.0);
    clock_.advance(1h - 1ms);
    expect_requests({answer("200 OK"), allowing(600), answer("200 OK")});
    EXPECT_EQ(deliver(progress_message()).consent.value().per_second, 1.0);
    clock_.advance(1ms);
    EXPECT_EQ(deliver(progress_message()).consent.value().per_second, 10.0);
    EXPECT_EQ(methods(), "OPTIONS POST POST OPTIONS POST ");

    clock_.advance(1h);
    expect_requests({answer("200 OK", "WebHook-Allowed-Origin: *\r\n"), answer("200 OK")});
    const Outcome unlimited = deliver(progress_message());
    EXPECT_TRUE(unlimited.consent.value().given);
    EXPECT_EQ(unlimited.consent->per_second, std::nullopt);
}

TEST_F(ConsentTest, HoldsForADayWhileItIsNotRenewed)
{
    expect_requests({allowing(60), answer("200 OK")});
    EXPECT_TRUE(deliver(progress_message()).delivered);
    clock_.advance(23h);
    expect_requests({answer("503 Later"), answer("200 OK"), answer("200 OK")});
    const Outcome kept = deliver(progress_message());
    EXPECT_TRUE(kept.delivered);
    EXPECT_TRUE(kept.consent.value().given);
    EXPECT_EQ(kept.consent->per_second, 1.0);
    EXPECT_TRUE(deliver(progress_message()).delivered) << "not asked again at once";
    EXPECT_EQ(methods(), "OPTIONS POST OPTIONS POST POST ");

    clock_.advance(1h);
    expect_requests({answer("503 Later")});
    const Outcome over = deliver(progress_message());
    EXPECT_FALSE(over.delivered);
    EXPECT_EQ(over.http_status, 503);
    EXPECT_FALSE(over.consent.value().given);
}

TEST_F(ConsentTest, CanBeTakenBack)
{
    expect_requests({allowing(60), answer("200 OK")});
    EXPECT_TRUE(deliver(progress_message()).delivered);
    clock_.advance(1h);
    expect_requests({answer("405 No")});
    const Outcome refused = deliver(progress_message());
    EXPECT_EQ(refused.error_class, "handshake");
    EXPECT_FALSE(refused.consent.value().given);
}

TEST_F(ConsentTest, IsAskedForAgainWhenAnAnswerSaysOtherwiseButNotAllTheTime)
{
    expect_requests({allowing(600), answer("200 OK")});
    deliver(progress_message());
    clock_.advance(1min);
    expect_requests({answer("429 Too Many"), allowing(60), answer("429 Too Many"), answer("200 OK")});
    deliver(progress_message());
    EXPECT_EQ(deliver(progress_message()).consent.value().per_second, 1.0);
    deliver(progress_message());
    EXPECT_EQ(methods(), "OPTIONS POST POST OPTIONS POST POST ");
}

TEST_F(ConsentTest, ARefusedRenewalIsNotAskedForAgainBeforeEachDelivery)
{
    expect_requests({allowing(600), answer("200 OK")});
    deliver(progress_message());
    clock_.advance(1h);
    expect_requests({answer("429 Too Many"), answer("429 Too Many"), answer("429 Too Many")});
    deliver(progress_message());
    deliver(progress_message());
    EXPECT_EQ(methods(), "OPTIONS POST OPTIONS POST POST ");
}

TEST_F(ConsentTest, IsRenewedByOneWhileTheOthersGoOn)
{
    expect_requests({allowing(60), answer("200 OK")});
    deliver(progress_message());
    clock_.advance(1h);
    expect_requests({allowing(600), answer("200 OK")});
    peer_.expect_connection({test::read_request(), test::send_bytes(answer("200 OK"))});
    const auto asking = start(progress_message());
    const auto other = start(progress_message());
    EXPECT_TRUE(outcome_of(other).delivered);
    EXPECT_EQ(outcome_of(asking).consent.value().per_second, 10.0);
    std::size_t questions = 0;
    for (const std::string& request : peer_.requests())
        questions += request.starts_with("OPTIONS ") ? 1U : 0U;
    EXPECT_EQ(questions, 2U);
}

TEST_F(ConsentTest, ASinkWithoutAnOriginDoesNotAsk)
{
    EXPECT_TRUE(sink().asks_for_consent());
    sink_.reset();
    config_.webhook_origin.clear();
    EXPECT_FALSE(sink().asks_for_consent());
    EXPECT_EQ(deliver_to(answer("200 OK")).consent.has_value(), false);
}

TEST_F(ConsentTest, MayBeForEverybodyAndWithoutALimit)
{
    expect_requests(
        {answer("204 No Content", "WebHook-Allowed-Origin: *\r\nWebHook-Allowed-Rate: *\r\n"),
         answer("200 OK")}
    );
    const Outcome outcome = deliver(progress_message());
    EXPECT_TRUE(outcome.delivered);
    EXPECT_TRUE(outcome.consent.value().given);
    EXPECT_EQ(outcome.consent->per_second, std::nullopt);
    EXPECT_EQ(field(peer_.requests()[0], "WebHook-Request-Rate"), "");
}

TEST_F(ConsentTest, NothingIsDeliveredWithoutIt)
{
    const std::vector<std::pair<std::string, std::string>> refusals{
        {answer("200 OK"), "the receiver does not consent: its answer has no WebHook-Allowed-Origin"},
        {answer("200 OK", "WebHook-Allowed-Origin: other.example.com\r\n"),
         "the receiver does not consent: it allows other.example.com, not pollhook.example.com"},
        {answer("405 No", "WebHook-Allowed-Origin: *\r\n"), "the receiver does not consent: HTTP 405"},
        {answer("410 Gone"), "the receiver does not consent: HTTP 410"},
        {answer("302 Found", "Location: /x\r\n"),
         "the receiver does not consent: HTTP 302 (redirects are not followed)"},
        {answer("200 OK", "WebHook-Allowed-Origin: *\r\nWebHook-Allowed-Rate: 0\r\n"),
         "the receiver does not consent: its WebHook-Allowed-Rate is 0"},
        {answer("200 OK", "WebHook-Allowed-Origin: *\r\nWebHook-Allowed-Rate: many\r\n"),
         "the receiver does not consent: its WebHook-Allowed-Rate is many"}
    };
    for (const auto& [fields_of_reply, reason] : refusals) {
        const std::string reply = closing(fields_of_reply);
        sink_.reset();
        const std::size_t before = peer_.requests().size();
        peer_.expect_connection({test::read_request(), test::send_bytes(reply)});
        const Outcome outcome = deliver(progress_message());
        EXPECT_FALSE(outcome.delivered);
        EXPECT_EQ(outcome.error_class, "handshake");
        EXPECT_EQ(outcome.http_status, 0) << "it is not the delivery that was answered";
        EXPECT_EQ(outcome.detail, reason);
        EXPECT_EQ(peer_.requests().size(), before + 1);
    }
}

TEST_F(ConsentTest, ABusyReceiverHasRefusedNothing)
{
    expect_requests({answer("503 Later", "Retry-After: 7\r\n"), allowed, answer("200 OK")});
    const Outcome busy = deliver(progress_message());
    EXPECT_EQ(busy.error_class, "http");
    EXPECT_EQ(busy.http_status, 503);
    EXPECT_EQ(busy.retry_after, std::chrono::seconds(7));
    EXPECT_TRUE(deliver(progress_message()).delivered) << "it is asked again";
}

TEST_F(ConsentTest, AnUnreachableReceiverIsTheNetworksFailure)
{
    peer_.expect_connection({test::read_request(), test::reset_connection()});
    const Outcome outcome = deliver(progress_message());
    EXPECT_EQ(outcome.error_class, "reset");
    EXPECT_EQ(peer_.requests().size(), 1U);
}

TEST_F(ConsentTest, IsAskedForOnceByAllThatWait)
{
    // The second delivery takes a connection of its own, or that of the first.
    expect_requests({allowed, answer("200 OK"), answer("200 OK")});
    expect_requests({answer("200 OK")});
    const auto first = start(progress_message());
    const auto second = start(progress_message());
    EXPECT_TRUE(outcome_of(first).delivered);
    EXPECT_TRUE(outcome_of(second).delivered);
    std::size_t questions = 0;
    for (const std::string& request : peer_.requests())
        questions += request.starts_with("OPTIONS ") ? 1U : 0U;
    EXPECT_EQ(questions, 1U);
    EXPECT_EQ(peer_.requests().size(), 3U);
}

TEST_F(ConsentTest, ARefusalHoldsForAllThatWaited)
{
    peer_.expect_connection({test::read_request(), test::send_bytes(answer("405 No"))});
    const auto first = start(progress_message());
    const auto second = start(progress_message());
    EXPECT_EQ(outcome_of(first).error_class, "handshake");
    EXPECT_EQ(outcome_of(second).error_class, "handshake");
    EXPECT_EQ(peer_.requests().size(), 1U);
}

TEST_F(ConsentTest, IsAskedForByTheNextWhenTheAskerIsCalledBack)
{
    peer_.expect_connection({test::read_request(), test::hang()});
    const auto first = start(progress_message());
    const auto second = start(progress_message());
    wait_for_request();
    expect_requests({allowed, answer("200 OK")});
    call_back(first);
    EXPECT_TRUE(outcome_of(first).cancelled);
    EXPECT_TRUE(outcome_of(second).delivered);
}

TEST_F(ConsentTest, OneThatWaitsCanBeCalledBack)
{
    peer_.expect_connection({test::read_request(), test::hang()});
    const auto first = start(progress_message());
    const auto second = start(progress_message());
    wait_for_request();
    call_back(second);
    EXPECT_TRUE(outcome_of(second).cancelled);
    EXPECT_FALSE(first->outcome);
    call_back(first);
    EXPECT_TRUE(outcome_of(first).cancelled);
}

}  // namespace
}  // namespace pollhook::sink
