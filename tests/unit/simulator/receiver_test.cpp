#include "pollhook/simulator/receiver.hpp"

#include "server_thread.hpp"
#include "support/manual_clock.hpp"
#include "support/raw_client.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace pollhook::simulator {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using test::RawClient;
using ReceiverThread = test::ServerThread<Receiver, ReceiverOptions>;

constexpr std::string_view event_fields =
    "webhook-id: evt_1\r\npollhook-event: task.progress\r\npollhook-provider: quickrouter\r\n"
    "pollhook-task: 17\r\npollhook-sequence: 3\r\npollhook-attempt: 2\r\n";

std::vector<Receipt> receipts(ReceiverThread& receiver)
{
    return receiver.on_loop([](Receiver& r) {
        return std::vector<Receipt>(r.receipts().begin(), r.receipts().end());
    });
}

TEST(ReceiverTest, RecordsWhatCame)
{
    ReceiverThread receiver(ReceiverOptions{});
    RawClient client(receiver.endpoint());
    EXPECT_EQ(client.ask("POST", "/hook?a=1", event_fields, R"({"x":1})").status, 204);

    const auto all = receipts(receiver);
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].destination, "/hook?a=1");
    EXPECT_EQ(all[0].id, "evt_1");
    EXPECT_EQ(all[0].type, "task.progress");
    EXPECT_EQ(all[0].provider, "quickrouter");
    EXPECT_EQ(all[0].task, "17");
    EXPECT_EQ(all[0].sequence, 3);
    EXPECT_EQ(all[0].attempt, 2);
    EXPECT_EQ(all[0].body, R"({"x":1})");
    EXPECT_EQ(all[0].status, 204);
    EXPECT_FALSE(all[0].verdict);
}

TEST(ReceiverTest, ReadsTheBodyWhereTheFieldsAreMissing)
{
    ReceiverThread receiver(ReceiverOptions{});
    RawClient client(receiver.endpoint());
    client.ask("POST", "/", "", R"({"type":"task.succeeded","data":{"provider":"p","id":"9","sequence":4}})");
    const auto all = receipts(receiver);
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].type, "task.succeeded");
    EXPECT_EQ(all[0].provider, "p");
    EXPECT_EQ(all[0].task, "9");
    EXPECT_EQ(all[0].sequence, 4);
}

TEST(ReceiverTest, TakesPostsOnly)
{
    ReceiverThread receiver(ReceiverOptions{});
    RawClient client(receiver.endpoint());
    EXPECT_EQ(client.ask("GET", "/").status, 405);
    EXPECT_TRUE(receipts(receiver).empty());
}

TEST(ReceiverTest, ForgetsTheOldestReceipts)
{
    ReceiverOptions options;
    options.max_receipts = 2;
    ReceiverThread receiver(std::move(options));
    RawClient client(receiver.endpoint());
    for (const std::string_view body : {"1", "2", "3"})
        client.ask("POST", "/", "", body);
    const auto all = receipts(receiver);
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].body, "2");
    EXPECT_EQ(receiver.on_loop([](Receiver& r) { return r.received(); }), 3U);
}

TEST(ReceiverTest, TellsOfEveryReceipt)
{
    ReceiverOptions options;
    std::vector<std::string> lines;
    options.on_receipt = [&lines](const Receipt& receipt) { lines.push_back(receipt_line(receipt)); };
    ReceiverThread receiver(std::move(options));
    RawClient client(receiver.endpoint());
    client.ask("POST", "/", event_fields, R"({"x":1})");
    client.ask("POST", "/", "", "not json");
    const auto seen = receiver.on_loop([&](Receiver&) { return lines; });
    ASSERT_EQ(seen.size(), 2U);

    json::object line = json::parse(seen[0]).as_object();
    EXPECT_EQ(line.at("receivedAt").as_string().size(), std::string_view("2026-11-21T03:18:39.123Z").size());
    line.erase("receivedAt");
    EXPECT_EQ(
        json::value(line),
        json::parse(
            R"({"verified":null,"id":"evt_1","type":"task.progress","provider":"quickrouter","task":"17",
                        "sequence":3,"attempt":2,"status":204,"body":{"x":1}})"
        )
    );
    EXPECT_EQ(json::parse(seen[1]).at("body"), "not json");
    EXPECT_TRUE(json::parse(seen[1]).at("task").is_null());
    EXPECT_EQ(seen[1].find('\n'), std::string::npos);
}

struct FailureCase {
    std::string spec;
    int answered;
    int recorded;
};

TEST(ReceiverTest, FailsWhenToldTo)
{
    const std::vector<FailureCase> cases{
        {"410", 410, 410},
        {"503:1:9", 503, 503},
        {"redirect", 301, 301},
        {"big", 200, 200},
        {"reset", 0, 0},
        {"truncate", 200, 200}
    };
    for (const FailureCase& one : cases) {
        ReceiverOptions options;
        options.failures = {one.spec};
        ReceiverThread receiver(std::move(options));
        RawClient client(receiver.endpoint());
        const auto answer = client.ask("POST", "/", "", "x");
        EXPECT_EQ(answer.status, one.answered) << one.spec;
        EXPECT_EQ(answer.error.failed(), one.spec == "reset" || one.spec == "truncate") << one.spec;
        const auto all = receipts(receiver);
        ASSERT_EQ(all.size(), 1U) << one.spec;
        EXPECT_EQ(all[0].status, one.recorded) << one.spec;
        receiver.on_loop([](Receiver& r) { r.set_failures({}); });
        EXPECT_EQ(RawClient(receiver.endpoint()).ask("POST", "/", "", "y").status, 204);
    }
}

TEST(ReceiverTest, AHangingReceiverStillRecordsAndStops)
{
    ReceiverOptions options;
    options.failures = {"hang"};
    std::promise<int> status;
    options.on_receipt = [&status](const Receipt& receipt) { status.set_value(receipt.status); };
    ReceiverThread receiver(std::move(options));
    RawClient client(receiver.endpoint());
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx");
    EXPECT_EQ(status.get_future().get(), 0);
    EXPECT_EQ(client.available(), 0U);
}

TEST(ReceiverTest, RefusesABadSecretOrFailure)
{
    asio::io_context loop;
    test::ManualClock clock(loop);
    ReceiverOptions secret;
    secret.secrets = {"whsec_short"};
    EXPECT_THROW(Receiver(loop, clock, secret), std::invalid_argument);
    ReceiverOptions failure;
    failure.failures = {"omit"};
    EXPECT_THROW(Receiver(loop, clock, failure), std::invalid_argument);
}

TEST(ReceiverTest, VerifiesAHubSignature)
{
    ReceiverOptions options;
    options.hub_secret = "It's a Secret to Everybody";
    ReceiverThread receiver(std::move(options));
    RawClient client(receiver.endpoint());
    const auto status_with = [&client](const std::string& line) {
        client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 13\r\n" + line + "\r\nHello, World!");
        return client.receive().status;
    };
    const std::string signature = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    EXPECT_EQ(status_with("X-Hub-Signature-256: sha256=" + signature + "\r\n"), 204);
    EXPECT_EQ(status_with("X-Hub-Signature-256: sha256=00" + signature.substr(2) + "\r\n"), 401);
    EXPECT_EQ(status_with(""), 401);
}

/// Receiver and client share a thread; the clock shows the time of vector A.
class ReceiverSignatureTest : public testing::Test {
protected:
    ReceiverSignatureTest()
    {
        clock_.jump(base::from_unix_ms(1'614'265'330'000) - clock_.now());
        ReceiverOptions options;
        options.secrets = {
            "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        };
        receiver_ = std::make_unique<Receiver>(loop_, clock_, std::move(options));
        receiver_->open();
        done_ = asio::co_spawn(loop_, receiver_->run(), asio::use_future);
        clock_.drain();
    }
    ~ReceiverSignatureTest() override
    {
        asio::co_spawn(loop_, receiver_->stop(base::Duration(0)), asio::use_future);
        clock_.drain();
    }

    int post(std::string_view body)
    {
        RawClient client(receiver_->endpoint());
        client.send(
            "POST / HTTP/1.1\r\nHost: h\r\nWebhook-Id: msg_p5jXN8AQM9LWM0D4loKWxJek\r\nWebhook-Timestamp: "
            "1614265330\r\n"
            "Webhook-Signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=\r\nContent-Length: " +
            std::to_string(body.size()) + "\r\n\r\n" + std::string(body)
        );
        clock_.drain();
        return client.receive().status;
    }

    asio::io_context loop_{1};
    test::ManualClock clock_{loop_};
    std::unique_ptr<Receiver> receiver_;
    std::future<void> done_;
};

TEST_F(ReceiverSignatureTest, AcceptsAGenuineDelivery)
{
    EXPECT_EQ(post(R"({"test": 2432232314})"), 204);
    EXPECT_EQ(receiver_->receipts().at(0).verdict, Verdict::genuine);
    EXPECT_EQ(json::parse(receipt_line(receiver_->receipts().at(0))).at("verified"), true);
}

TEST_F(ReceiverSignatureTest, RefusesAForgedOneAndAReplay)
{
    EXPECT_EQ(post(R"({"test": 2432232315})"), 401);
    EXPECT_EQ(receiver_->receipts().at(0).verdict, Verdict::no_match);
    EXPECT_EQ(json::parse(receipt_line(receiver_->receipts().at(0))).at("verified"), false);
    clock_.jump(std::chrono::minutes(6));
    EXPECT_EQ(post(R"({"test": 2432232314})"), 401);
    EXPECT_EQ(receiver_->receipts().at(1).verdict, Verdict::too_old);
}

}  // namespace
}  // namespace pollhook::simulator
