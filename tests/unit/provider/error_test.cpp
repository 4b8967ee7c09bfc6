#include "pollhook/provider/error.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace pollhook::provider {
namespace {

constexpr Errc all_errors[] = {
    Errc::unauthorized,
    Errc::rate_limited,
    Errc::refused,
    Errc::unavailable,
    Errc::redirected,
    Errc::malformed_answer,
    Errc::suspicious_empty,
    Errc::cancelled,
};

TEST(ProviderErrorTest, OnlyARefusedKeyRaisesTheAlarm)
{
    for (const Errc error : all_errors) {
        const auto code = make_error_code(error);
        EXPECT_EQ(code == Failure::key_refused, error == Errc::unauthorized) << name(error);
        EXPECT_EQ(code == Failure::transient, error != Errc::unauthorized) << name(error);
    }
}

TEST(ProviderErrorTest, EveryErrorHasItsOwnNameAndMessage)
{
    std::set<std::string> names;
    std::set<std::string> messages;
    for (const Errc error : all_errors) {
        names.emplace(name(error));
        messages.insert(make_error_code(error).message());
    }
    EXPECT_EQ(names.size(), std::size(all_errors));
    EXPECT_EQ(messages.size(), std::size(all_errors));
    EXPECT_FALSE(messages.contains("unknown provider error"));
}

}  // namespace
}  // namespace pollhook::provider
