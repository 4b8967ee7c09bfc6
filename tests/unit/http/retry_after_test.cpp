#include "pollhook/http/retry_after.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string_view>

namespace pollhook::http {
namespace {

using namespace std::chrono_literals;

const base::TimePoint now = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1);

struct Case {
    std::string_view field;
    std::optional<base::Duration> wait;
};

class RetryAfterTest : public testing::TestWithParam<Case> {};

TEST_P(RetryAfterTest, AsksToWait)
{
    EXPECT_EQ(retry_after(GetParam().field, now), GetParam().wait) << GetParam().field;
}

INSTANTIATE_TEST_SUITE_P(
    RetryAfter,
    RetryAfterTest,
    testing::Values(
        Case{"120", 120s},
        Case{" 5 ", 5s},
        Case{"0", 0s},
        Case{"99999999999999999999999", 1'000'000'000s},
        Case{"Thu, 01 Jan 2026 00:00:30 GMT", 30s},
        Case{"Thursday, 01-Jan-26 00:01:00 GMT", 60s},
        Case{"Thu Jan  1 00:02:00 2026", 120s},
        Case{"Sat Jan 10 00:00:00 2026", 216h},
        Case{"Sun, 06 Nov 1994 08:49:37 GMT", 0s},
        Case{"Sunday, 06-Nov-94 08:49:37 GMT", 0s},
        Case{"Thu, 31 Dec 2026 23:59:60 GMT", 8760h},
        Case{"", std::nullopt},
        Case{"soon", std::nullopt},
        Case{"-5", std::nullopt},
        Case{"1.5", std::nullopt},
        Case{"5 seconds", std::nullopt},
        Case{"Thu, 01 Jan 2026 00:00:30", std::nullopt},
        Case{"Thu, 32 Jan 2026 00:00:30 GMT", std::nullopt},
        Case{"Thu, 30 Feb 2026 00:00:30 GMT", std::nullopt},
        Case{"Thu, 01 Jan 2026 25:00:30 GMT", std::nullopt},
        Case{"Thu, 01 Jan 2026 -1:00:30 GMT", std::nullopt},
        Case{"Thu, 01 Jan 2026 00:00:30 GMT trailing", std::nullopt},
        Case{"2026-01-01T00:00:30Z", std::nullopt}
    )
);

}  // namespace
}  // namespace pollhook::http
