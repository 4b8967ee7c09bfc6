#include "integration/world.hpp"
#include "support/resident_memory.hpp"

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include <cstddef>
#include <string>

namespace pollhook::test {
namespace {

namespace json = boost::json;
using simulator::parse_life;

class OutageTest : public World {
protected:
    static constexpr int tasks = 400;

    std::int64_t deliveries(const char* state)
    {
        const auto status = json::parse(get("/v1/status").body);
        const json::value* count = status.at("deliveries").as_object().if_contains(state);
        return count == nullptr ? 0 : count->to_number<std::int64_t>();
    }
};

TEST_F(OutageTest, ABacklogWaitsOutAnOutageAndIsDeliveredWithoutAHerd)
{
    simulator::Relay& relay = add_relay();
    simulator::Receiver& receiver = add_receiver({.failures = {"503"}, .max_receipts = 100'000});
    write_config(
        provider("relay", relay.base_url()) + fmt::format(
                                                  "[[sink]]\nname = \"shop\"\ntype = \"webhook\"\nurl = "
                                                  "\"{}/shop\"\nsecret = \"{}\"\nmax_in_flight = 16\n"
                                                  "retry_schedule = [\"200ms\", \"1m\", \"1h\"]\n",
                                                  receiver.base_url(),
                                                  secret
                                              )
    );
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

    // The outage: a thousand events wait, and next to nobody knocks.
    const std::size_t knocks = receiver.received();
    EXPECT_LE(knocks, 60U);
    EXPECT_GE(deliveries("pending"), std::int64_t{tasks});
    EXPECT_EQ(deliveries("dead"), 0);

    receiver.set_failures({});
    ASSERT_TRUE(becomes_true([&] { return receiver.received() - knocks >= std::size_t{3} * tasks; }, 90));
    ASSERT_TRUE(becomes_true([&] { return deliveries("pending") == 0 && deliveries("inFlight") == 0; }, 90));
    EXPECT_EQ(deliveries("dead"), 0);
    EXPECT_TRUE(order_.violations().empty()) << order_.violations().front();
    for (int i = 0; i < tasks; ++i)
        EXPECT_EQ(last_type(std::to_string(i)), "task.succeeded") << i;

    // The backlog was never in memory.
    EXPECT_LE(resident_bytes(daemon().pid()), resident_before + (std::size_t{24} << 20U) + sanitizer_growth);
}

}  // namespace
}  // namespace pollhook::test
