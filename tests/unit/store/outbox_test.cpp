#include "pollhook/store/outbox.hpp"

#include "pollhook/store/error.hpp"

#include <gtest/gtest.h>

namespace pollhook::store {
namespace {

TEST(DeliveryKeyTest, IsReadBackFromItsText)
{
    const DeliveryKey key{TaskRow{12}, SinkId{0}, 3};
    EXPECT_EQ(key.text(), "12-0-3");
    EXPECT_EQ(DeliveryKey::parse("12-0-3"), key);
    EXPECT_EQ(
        DeliveryKey::parse("9223372036854775807-2147483647-4294967295"),
        (DeliveryKey{TaskRow{9223372036854775807}, SinkId{2147483647}, 4294967295})
    );
}

TEST(DeliveryKeyTest, RefusesWhatIsNoKey)
{
    for (const char* text :
         {"",
          "-",
          "1",
          "1-2",
          "1-2-",
          "1-2-3-4",
          "1-2-3 ",
          " 1-2-3",
          "-1-2-3",
          "1--2-3",
          "+1-2-3",
          "01-2-3",
          "1-2-x",
          "9223372036854775808-1-1",
          "1-2147483648-1",
          "1-1-4294967296"})
        EXPECT_EQ(DeliveryKey::parse(text), std::nullopt) << text;
}

TEST(DeliveryStateTest, HasTheContractsNames)
{
    EXPECT_EQ(name(DeliveryState::in_flight), "inFlight");
    for (int i = 0; i <= 5; ++i) {
        const auto state = static_cast<DeliveryState>(i);
        EXPECT_EQ(parse_delivery_state(name(state)), state);
    }
    EXPECT_EQ(parse_delivery_state("in_flight"), std::nullopt);
}

TEST(StoreErrorTest, EveryCodeSaysWhatItIs)
{
    for (int i = 1; i <= static_cast<int>(Errc::failed); ++i)
        EXPECT_NE(store_category().message(i), store_category().message(0));
}

}  // namespace
}  // namespace pollhook::store
