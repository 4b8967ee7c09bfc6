#include "pollhook/http/resolver.hpp"

#include "pollhook/base/system_clock.hpp"
#include "pollhook/http/error.hpp"
#include "support/manual_clock.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <optional>
#include <string>
#include <vector>

namespace pollhook::http {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

using Answer = std::shared_ptr<const LookUp>;

LookUp one_address(const char* text)
{
    LookUp answer;
    answer.addresses.push_back(asio::ip::make_address(text));
    return answer;
}

/// A name server under the test's control: names that hang stay unanswered until release().
class ScriptedNames {
public:
    Resolver::Ask ask()
    {
        return [state = state_](const std::string& host) {
            ++state->questions;
            if (host.starts_with("slow"))
                state->released.wait();
            if (host.starts_with("unknown")) {
                LookUp answer;
                answer.error = Errc::name_not_found;
                return answer;
            }
            return one_address("192.0.2.7");
        };
    }
    void release() { state_->release.set_value(); }
    [[nodiscard]] int questions() const { return state_->questions; }

private:
    struct State {
        std::atomic<int> questions = 0;
        std::promise<void> release;
        std::shared_future<void> released{release.get_future()};
    };
    std::shared_ptr<State> state_ = std::make_shared<State>();
};

class ResolverTest : public testing::Test {
protected:
    std::future<Answer> start(Resolver& resolver, std::string host)
    {
        return asio::co_spawn(loop_, resolver.look_up(std::move(host)), asio::use_future);
    }

    Answer ask(Resolver& resolver, std::string host)
    {
        std::future<Answer> answer = start(resolver, std::move(host));
        run_until_ready(answer);
        return answer.get();
    }

    void run_until_ready(const std::future<Answer>& answer)
    {
        loop_.restart();
        while (answer.wait_for(0s) != std::future_status::ready)
            loop_.run_one();
    }

    asio::io_context loop_;
    test::ManualClock clock_{loop_};
    ScriptedNames names_;
};

TEST_F(ResolverTest, NeverAsksForALiteralAddress)
{
    Resolver resolver(loop_, clock_, {}, names_.ask());
    EXPECT_EQ(ask(resolver, "203.0.113.9")->addresses.at(0).to_string(), "203.0.113.9");
    EXPECT_EQ(ask(resolver, "2001:db8::1")->addresses.at(0).to_string(), "2001:db8::1");
    EXPECT_EQ(names_.questions(), 0);
}

TEST_F(ResolverTest, KeepsAnAnswerForAShortWhile)
{
    Resolver resolver(loop_, clock_, {}, names_.ask());
    EXPECT_EQ(ask(resolver, "a.example")->addresses.at(0).to_string(), "192.0.2.7");
    clock_.advance(29s);
    EXPECT_FALSE(ask(resolver, "a.example")->error);
    EXPECT_EQ(names_.questions(), 1);
    clock_.advance(2s);
    EXPECT_FALSE(ask(resolver, "a.example")->error);
    EXPECT_EQ(names_.questions(), 2);
}

TEST_F(ResolverTest, KeepsAFailureForAShorterWhile)
{
    Resolver resolver(loop_, clock_, {}, names_.ask());
    EXPECT_EQ(ask(resolver, "unknown.example")->error, make_error_code(Errc::name_not_found));
    clock_.advance(4s);
    EXPECT_EQ(ask(resolver, "unknown.example")->error, make_error_code(Errc::name_not_found));
    EXPECT_EQ(names_.questions(), 1);
    clock_.advance(2s);
    EXPECT_EQ(ask(resolver, "unknown.example")->error, make_error_code(Errc::name_not_found));
    EXPECT_EQ(names_.questions(), 2);
}

TEST_F(ResolverTest, AsksOnceForAllWhoWaitForTheSameName)
{
    Resolver resolver(loop_, clock_, {}, names_.ask());
    std::vector<std::future<Answer>> answers;
    for (int i = 0; i < 5; ++i)
        answers.push_back(start(resolver, "slow.example"));
    clock_.drain();
    names_.release();
    for (const std::future<Answer>& answer : answers)
        run_until_ready(answer);
    for (std::future<Answer>& answer : answers)
        EXPECT_FALSE(answer.get()->error);
    EXPECT_EQ(names_.questions(), 1);
}

TEST_F(ResolverTest, ASlowNameDelaysNoOther)
{
    Resolver resolver(loop_, clock_, {}, names_.ask());
    const std::future<Answer> slow = start(resolver, "slow.example");
    clock_.drain();
    EXPECT_FALSE(ask(resolver, "quick.example")->error);
    EXPECT_NE(slow.wait_for(0s), std::future_status::ready);
    names_.release();
    run_until_ready(slow);
}

TEST_F(ResolverTest, ACancelledWaiterLeavesAtOnce)
{
    Resolver resolver(loop_, clock_, {}, names_.ask());
    asio::cancellation_signal signal;
    std::optional<Answer> answer;
    asio::co_spawn(
        loop_,
        resolver.look_up("slow.example"),
        asio::bind_cancellation_slot(
            signal.slot(),
            [&answer](const std::exception_ptr& failure, Answer given) {
                if (!failure)
                    answer = std::move(given);
            }
        )
    );
    clock_.drain();
    signal.emit(asio::cancellation_type::terminal);
    clock_.drain();
    ASSERT_TRUE(answer);
    EXPECT_EQ((*answer)->error, make_error_code(Errc::cancelled));
    names_.release();
}

TEST_F(ResolverTest, EndsWithoutWaitingForAHungLookUp)
{
    {
        Resolver resolver(loop_, clock_, {}, names_.ask());
        asio::cancellation_signal signal;
        asio::co_spawn(
            loop_,
            resolver.look_up("slow.example"),
            asio::bind_cancellation_slot(signal.slot(), [](const std::exception_ptr&, const Answer&) {})
        );
        clock_.drain();
        signal.emit(asio::cancellation_type::terminal);
        clock_.drain();
    }
    names_.release();
    SUCCEED();
}

TEST_F(ResolverTest, TheSystemKnowsLocalhost)
{
    Resolver resolver(loop_, clock_, {});
    const Answer answer = ask(resolver, "localhost");
    ASSERT_FALSE(answer->error) << answer->detail;
    for (const asio::ip::address& address : answer->addresses)
        EXPECT_TRUE(address.is_loopback()) << address;
}

TEST_F(ResolverTest, AnUnknownNameSaysWhy)
{
    Resolver resolver(loop_, clock_, {});
    const Answer answer = ask(resolver, "does-not-exist.invalid");
    EXPECT_EQ(classify(answer->error), ErrorClass::dns);
    EXPECT_FALSE(answer->detail.empty());
}

}  // namespace
}  // namespace pollhook::http
