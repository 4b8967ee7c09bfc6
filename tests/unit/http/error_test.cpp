#include "pollhook/http/error.hpp"

#include <boost/system/errc.hpp>
#include <gtest/gtest.h>

namespace pollhook::http {
namespace {

TEST(HttpErrorTest, EveryErrorHasItsOwnTextAndAClass)
{
    std::string previous;
    for (int value = static_cast<int>(Errc::malformed_url); value <= static_cast<int>(Errc::cancelled);
         ++value) {
        const boost::system::error_code ec = make_error_code(static_cast<Errc>(value));
        EXPECT_NE(ec.message(), "unknown HTTP error") << value;
        EXPECT_NE(ec.message(), previous) << value;
        EXPECT_NE(classify(ec), ErrorClass::none) << value;
        previous = ec.message();
    }
}

TEST(HttpErrorTest, ClassesAreThoseOfTheAttemptRecord)
{
    EXPECT_EQ(name(classify(Errc::name_not_found)), "dns");
    EXPECT_EQ(name(classify(Errc::blocked_address)), "blocked_address");
    EXPECT_EQ(name(classify(Errc::connection_refused)), "refused");
    EXPECT_EQ(name(classify(Errc::tls_failed)), "tls");
    EXPECT_EQ(name(classify(Errc::timed_out)), "timeout");
    EXPECT_EQ(name(classify(Errc::connection_reset)), "reset");
    EXPECT_EQ(name(classify(Errc::malformed_answer)), "protocol");
    EXPECT_EQ(name(classify(Errc::cancelled)), "cancelled");
    EXPECT_EQ(classify({}), ErrorClass::none);
    EXPECT_EQ(classify(make_error_code(boost::system::errc::io_error)), ErrorClass::protocol);
}

}  // namespace
}  // namespace pollhook::http
