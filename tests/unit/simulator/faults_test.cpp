#include "pollhook/simulator/faults.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace pollhook::simulator {
namespace {

Faults relay_faults(const std::vector<std::string>& specs)
{
    return Faults::parse(specs, FaultSide::relay, 7);
}

std::string error_of(const std::string& spec, FaultSide side)
{
    try {
        const std::vector<std::string> specs{spec};
        Faults::parse(specs, side, 1);
    } catch (const std::invalid_argument& e) {
        return e.what();
    }
    return {};
}

TEST(FaultsTest, AKindWithoutProbabilityAlwaysStrikes)
{
    Faults faults = relay_faults({"410"});
    for (int i = 0; i < 10; ++i) {
        const auto fault = faults.answer_fault();
        ASSERT_TRUE(fault);
        EXPECT_EQ(fault->kind, FaultKind::status);
        EXPECT_EQ(fault->status, 410);
    }
}

TEST(FaultsTest, StrikesAboutAsOftenAsAsked)
{
    Faults faults = relay_faults({"503:0.2"});
    int struck = 0;
    for (int i = 0; i < 10'000; ++i)
        struck += faults.answer_fault() ? 1 : 0;
    EXPECT_NEAR(struck, 2000, 200);
}

TEST(FaultsTest, TheSameSeedGivesTheSameFaults)
{
    Faults one = relay_faults({"reset:0.5", "html:0.5"});
    Faults other = relay_faults({"reset:0.5", "html:0.5"});
    for (int i = 0; i < 100; ++i) {
        const auto a = one.answer_fault();
        const auto b = other.answer_fault();
        ASSERT_EQ(a.has_value(), b.has_value());
        if (a) {
            EXPECT_EQ(a->kind, b->kind);
        }
    }
}

TEST(FaultsTest, NoFaultsNeverStrike)
{
    Faults faults;
    EXPECT_TRUE(faults.empty());
    EXPECT_FALSE(faults.answer_fault());
    EXPECT_FALSE(faults.strikes(FaultKind::omit));
    EXPECT_EQ(faults.delay(), base::Duration(0));
}

TEST(FaultsTest, BendingFaultsDoNotReplaceTheAnswer)
{
    Faults faults = relay_faults({"omit", "duplicate", "foreign", "backwards", "baditem", "slow"});
    EXPECT_FALSE(faults.answer_fault());
    EXPECT_TRUE(faults.strikes(FaultKind::omit));
    EXPECT_TRUE(faults.strikes(FaultKind::bad_item));
    EXPECT_EQ(faults.delay(), std::chrono::seconds(2));
}

TEST(FaultsTest, ReadsTheThirdPart)
{
    EXPECT_EQ(relay_faults({"slow:1:3s"}).delay(), std::chrono::seconds(3));
    EXPECT_EQ(relay_faults({"429:1:30"}).answer_fault()->retry_after, "30");
    EXPECT_EQ(
        relay_faults({"429:1:Wed, 21 Oct 2026 07:28:00 GMT"}).answer_fault()->retry_after,
        "Wed, 21 Oct 2026 07:28:00 GMT"
    );
}

TEST(FaultsTest, ABadSpecIsNamedWithWhatIsKnown)
{
    const std::string unknown = error_of("htm:0.1", FaultSide::relay);
    EXPECT_NE(unknown.find("\"htm:0.1\""), std::string::npos) << unknown;
    EXPECT_NE(unknown.find("did you mean \"html\""), std::string::npos) << unknown;
    EXPECT_NE(unknown.find("success-false"), std::string::npos) << unknown;

    for (const std::string spec :
         {"", ":", "200", "600", "500:", "500:1.5", "500:-1", "500:nan", "500:x", "html:1:2", "slow:1:3"})
        EXPECT_FALSE(error_of(spec, FaultSide::relay).empty()) << spec;
}

TEST(FaultsTest, AReceiverKnowsItsOwnKindsOnly)
{
    EXPECT_FALSE(error_of("omit:0.1", FaultSide::receiver).empty());
    EXPECT_EQ(error_of("omit:0.1", FaultSide::receiver).find("foreign"), std::string::npos);
    for (const std::string spec : {"503:0.2", "410", "hang:0.1", "reset", "redirect", "big", "slow:0.5:1s"})
        EXPECT_EQ(error_of(spec, FaultSide::receiver), "") << spec;
}

}  // namespace
}  // namespace pollhook::simulator
