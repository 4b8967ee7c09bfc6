#include "pollhook/simulator/order_check.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace pollhook::simulator {
namespace {

Receipt receipt(std::int64_t sequence, const std::string& id, const std::string& destination = "/hook")
{
    Receipt result;
    result.provider = "relay";
    result.task = "17";
    result.sequence = sequence;
    result.id = id;
    result.body = "body of " + id;
    result.destination = destination;
    return result;
}

TEST(OrderCheckTest, AcceptsRisingSequencesWithRetriesAndGaps)
{
    OrderCheck check;
    check.observe(receipt(1, "a"));
    check.observe(receipt(1, "a"));
    check.observe(receipt(3, "c"));
    check.observe(receipt(1, "a"));
    check.observe(receipt(1, "a", "/other"));
    EXPECT_TRUE(check.violations().empty());
    EXPECT_EQ(check.duplicates(), 2U);
    const std::vector<std::int64_t> expected{1, 3};
    EXPECT_EQ(check.sequences("relay", "17", "/hook"), expected);
}

TEST(OrderCheckTest, ReportsALateFirstReceipt)
{
    OrderCheck check;
    check.observe(receipt(1, "a"));
    check.observe(receipt(3, "c"));
    check.observe(receipt(2, "b"));
    ASSERT_EQ(check.violations().size(), 1U);
    EXPECT_TRUE(check.violations()[0].starts_with("I4"));
}

TEST(OrderCheckTest, ReportsARetryThatDiffers)
{
    OrderCheck check;
    check.observe(receipt(1, "a"));
    Receipt changed = receipt(1, "a");
    changed.body = "other";
    check.observe(changed);
    check.observe(receipt(2, "b"));
    Receipt renamed = receipt(2, "b");
    renamed.id = "z";
    check.observe(renamed);
    EXPECT_EQ(check.violations().size(), 2U);
}

TEST(OrderCheckTest, ReportsAReceiptWithoutASequence)
{
    OrderCheck check;
    Receipt bare = receipt(1, "a");
    bare.sequence.reset();
    check.observe(bare);
    EXPECT_EQ(check.violations().size(), 1U);
}

}  // namespace
}  // namespace pollhook::simulator
