#include "pollhook/delivery/attempt_counts.hpp"

#include "pollhook/http/error.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pollhook::delivery {
namespace {

std::string_view result(std::string error_class, int http_status = 0)
{
    sink::Outcome outcome;
    outcome.delivered = error_class.empty();
    outcome.error_class = std::move(error_class);
    outcome.http_status = http_status;
    return name(result_of(outcome));
}

TEST(AttemptCountsTest, TellsAnswersApartByTheirStatus)
{
    EXPECT_EQ(result("", 204), "delivered");
    EXPECT_EQ(result("http", 301), "http_3xx");
    EXPECT_EQ(result("http", 410), "http_4xx");
    EXPECT_EQ(result("http", 599), "http_5xx");
    EXPECT_EQ(result("http", 700), "protocol");
}

TEST(AttemptCountsTest, KeepsTheErrorClassesOfTheAttemptLog)
{
    using http::ErrorClass;
    for (const ErrorClass each :
         {ErrorClass::dns,
          ErrorClass::blocked_address,
          ErrorClass::refused,
          ErrorClass::tls,
          ErrorClass::timeout,
          ErrorClass::reset,
          ErrorClass::protocol})
        EXPECT_EQ(result(std::string(http::name(each))), http::name(each));
    for (const char* own : {"handshake", "auth", "io"})
        EXPECT_EQ(result(own), own);
}

TEST(AttemptCountsTest, HasNoLabelForWhatItDoesNotKnow)
{
    EXPECT_EQ(result("something new"), "protocol");
}

}  // namespace
}  // namespace pollhook::delivery
