#include "integration/world.hpp"
#include "support/resident_memory.hpp"

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace pollhook::test {
namespace {

namespace json = boost::json;
using simulator::parse_life;

class OutageTest : public World {
protected:
    static constexpr int tasks = 400;
    static constexpr std::size_t rate = 300;

    std::int64_t deliveries(const char* state) { return deliveries(std::vector{state}); }
    /// Of one moment: between two answers a delivery may go from one state to another.
    std::int64_t deliveries(const std::vector<const char*>& states)
    {
        const auto status = json::parse(get("/v1/status").body);
        std::int64_t sum = 0;
        for (const char* state : states)
            if (const json::value* count = status.at("deliveries").as_object().if_contains(state))
                sum += count->to_number<std::int64_t>();
        return sum;
    }
};

/// Pauses of two seconds, so many that no outage of this test uses them up: nothing here hangs on when a
/// delivery's last try was.
std::string patient_schedule()
{
    std::string pauses = "\"200ms\"";
    for (int i = 0; i < 300; ++i)
        pauses += ", \"2s\"";
    return pauses;
}

/// The most receipts, from `first` on, within one second.
std::size_t busiest_second(const std::deque<simulator::Receipt>& receipts, std::size_t first)
{
    std::size_t most = 0;
    for (std::size_t from = first, to = first; to < receipts.size(); ++to) {
        while (receipts[to].received_at - receipts[from].received_at >= std::chrono::seconds(1))
            ++from;
        most = std::max(most, to - from + 1);
    }
    return most;
}

TEST_F(OutageTest, ABacklogWaitsOutAnOutageAndIsDeliveredWithoutAHerd)
{
    simulator::Relay& relay = add_relay();
    simulator::Receiver& receiver = add_receiver({.failures = {"503"}, .max_receipts = 100'000});
    std::string config = provider("relay", relay.base_url());
    config += fmt::format(
        "[[sink]]\nname = \"shop\"\ntype = \"webhook\"\nurl = \"{}/shop\"\nsecret = \"{}\"\n"
        "max_in_flight = 16\nmax_per_second = {}\nretry_schedule = [{}]\n",
        receiver.base_url(),
        secret,
        rate,
        patient_schedule()
    );
    write_config(config);
    start();
    for (int i = 0; i < tasks; ++i) {
        relay.add_task(
            std::to_string(i),
            *parse_life("0s SUBMITTED 0%, 500ms IN_PROGRESS 10%, 500ms IN_PROGRESS 60%, 500ms SUCCESS 100%")
        );
        watch("relay", std::to_string(i), nullptr);
    }
    const auto ended = [&] {
        const auto totals = json::parse(get("/v1/status").body).at("tasks").at("relay").as_object();
        const json::value* succeeded = totals.if_contains("succeeded");
        return succeeded != nullptr && succeeded->to_number<int>() == tasks;
    };
    ASSERT_TRUE(becomes_true(ended, 90));
    const std::size_t resident_before = resident_bytes(daemon().pid());

    // The outage: a thousand events wait, and next to nobody knocks: what was under way when it began, then a
    // probe at each pause. Without a breaker it would be a thousand in two seconds.
    const std::size_t knocks = receiver.received();
    const auto outage = std::chrono::ceil<std::chrono::seconds>(
        receiver.receipts().back().received_at - receiver.receipts().front().received_at
    );
    EXPECT_LE(knocks, 40 + 3 * static_cast<std::size_t>(outage.count()));
    const std::int64_t waiting = deliveries(std::vector{"pending", "inFlight"});
    EXPECT_GE(waiting, std::int64_t{tasks});
    EXPECT_EQ(deliveries("dead"), 0);

    receiver.set_failures({});
    ASSERT_TRUE(becomes_true([&] { return deliveries("pending") == 0 && deliveries("inFlight") == 0; }, 90));
    EXPECT_EQ(deliveries("dead"), 0);
    EXPECT_EQ(deliveries("delivered"), waiting);
    // No herd: the whole backlog was due, and still came at the pace that was asked for. A bucket that was
    // full may add a second's worth, and a slow receiver sees together what came apart.
    const std::size_t peak = busiest_second(receiver.receipts(), knocks);
    EXPECT_LE(peak, 2 * rate + 16);
    const auto& receipts = receiver.receipts();
    ASSERT_GT(receipts.size(), knocks);
    const auto emptying = std::chrono::duration_cast<std::chrono::milliseconds>(
        receipts.back().received_at - receipts[knocks].received_at
    );
    RecordProperty("peak_per_second", static_cast<int>(peak));
    RecordProperty("milliseconds_to_empty", static_cast<int>(emptying.count()));
    EXPECT_TRUE(order_.violations().empty()) << order_.violations().front();
    for (int i = 0; i < tasks; ++i)
        EXPECT_EQ(last_type(std::to_string(i)), "task.succeeded") << i;

    // The backlog was never in memory.
    EXPECT_LE(resident_bytes(daemon().pid()), resident_before + (std::size_t{24} << 20U) + sanitizer_growth);
}

}  // namespace
}  // namespace pollhook::test
