#include "attempt_record.hpp"

#include <gtest/gtest.h>

namespace pollhook::store {
namespace {

Attempt full_attempt()
{
    Attempt attempt;
    attempt.at = base::from_unix_ms(1'800'000'000'123);
    attempt.http_status = 503;
    attempt.error_class = "http";
    attempt.decision = "dead: HTTP 503";
    attempt.peer = "192.0.2.1:443";
    attempt.response_head = std::string("no\0 \xff", 5) + std::string(200, 'x');
    attempt.look_up = base::Duration(1);
    attempt.connect = base::Duration(130);
    attempt.tls = base::Duration(17'000);
    attempt.first_byte = base::Duration(0);
    attempt.total = base::Duration(86'400'000);
    return attempt;
}

TEST(AttemptRecordTest, AShortOneComesBackWithoutItsPadding)
{
    Attempt attempt;
    attempt.decision = "delivered";
    const Attempt back = unpack(pack(attempt)).value();
    EXPECT_EQ(back.decision, "delivered");
    EXPECT_EQ(back.response_head, "");
}

TEST(AttemptRecordTest, ComesBackAsItWas)
{
    const Attempt attempt = full_attempt();
    const Attempt back = unpack(pack(attempt)).value();
    EXPECT_EQ(back.at, attempt.at);
    EXPECT_EQ(back.http_status, attempt.http_status);
    EXPECT_EQ(back.error_class, attempt.error_class);
    EXPECT_EQ(back.decision, attempt.decision);
    EXPECT_EQ(back.peer, attempt.peer);
    EXPECT_EQ(back.response_head, attempt.response_head);
    EXPECT_EQ(back.look_up, attempt.look_up);
    EXPECT_EQ(back.connect, attempt.connect);
    EXPECT_EQ(back.tls, attempt.tls);
    EXPECT_EQ(back.first_byte, attempt.first_byte);
    EXPECT_EQ(back.total, attempt.total);
}

TEST(AttemptRecordTest, FitsIntoWhatIsReservedForIt)
{
    Attempt attempt;
    attempt.at = base::from_unix_ms(1'800'000'000'123);
    attempt.http_status = 200;
    attempt.decision = "delivered";
    attempt.peer = "192.0.2.100:18080";
    attempt.response_head = R"({"ok":true})";
    EXPECT_LT(pack(attempt).size(), reserved_for_attempt);
}

TEST(AttemptRecordTest, ADamagedOneIsNone)
{
    const std::string record = pack(full_attempt());
    for (std::size_t size = 0; size < record.size(); ++size)
        EXPECT_FALSE(unpack(std::string_view(record).substr(0, size))) << size;
    EXPECT_FALSE(unpack(record + "x"));
    EXPECT_FALSE(unpack(std::string(reserved_for_attempt, '\0')));
    EXPECT_FALSE(unpack(std::string("\2") + record.substr(1)));
    EXPECT_FALSE(unpack(std::string("\1") + std::string(40, '\xff')));
}

}  // namespace
}  // namespace pollhook::store
