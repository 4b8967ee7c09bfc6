#include "pollhook/task/trace.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace pollhook::task {
namespace {

constexpr std::string_view example = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(TraceparentTest, ReadsAndWritesVersion00)
{
    const auto context = parse_traceparent(example);
    ASSERT_TRUE(context);
    EXPECT_TRUE(context->sampled);
    EXPECT_EQ(context->trace.front(), 0x4b);
    EXPECT_EQ(context->span.back(), 0xb7);
    EXPECT_EQ(context->text(), example);
}

TEST(TraceparentTest, ReadsTheSampledFlagAndForgetsTheOthers)
{
    const auto text = [](std::string_view flags) { return std::string(example.substr(0, 53)).append(flags); };
    EXPECT_EQ(parse_traceparent(text("00"))->text(), text("00"));
    EXPECT_EQ(parse_traceparent(text("02"))->text(), text("00"));
    EXPECT_EQ(parse_traceparent(text("ff"))->text(), text("01"));
}

TEST(TraceparentTest, ReadsLaterVersionsAsFarAsItKnowsThem)
{
    const std::string later = "cc" + std::string(example.substr(2));
    EXPECT_EQ(parse_traceparent(later)->text(), example);
    EXPECT_EQ(parse_traceparent(later + "-what-the-future-will-be-like")->text(), example);
    EXPECT_EQ(parse_traceparent(later + "-")->text(), example);
    EXPECT_FALSE(parse_traceparent(later + ".what")) << "more has to come after a dash";
}

TEST(TraceparentTest, RefusesWhatTheStandardCallsInvalid)
{
    const std::string good(example);
    const auto with = [&](std::size_t at, std::string_view part) {
        return std::string(good).replace(at, part.size(), part);
    };
    const std::string invalid[] = {
        "",
        "00",
        with(0, "ff"),
        with(0, "0x"),
        with(0, ".0"),
        with(3, std::string(32, '0')),
        with(36, std::string(16, '0')),
        with(3, "4BF9"),
        with(36, "00F0"),
        with(53, "0X"),
        with(53, "0A"),
        with(2, "_"),
        with(35, "_"),
        with(52, "_"),
        with(10, "g"),
        good.substr(0, 54),
        good + "-00",
        good + " ",
        " " + good,
    };
    for (const std::string& text : invalid)
        EXPECT_FALSE(parse_traceparent(text)) << text;
}

TEST(TracestateTest, PassesValidMembersOn)
{
    const std::string_view valid[] = {
        "rojo=00f067aa0ba902b7",
        "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE",
        "fw529a3039@dt=FfAlK;Q!$~ x",
        "0tenant@v=1",
        "a-b_c*d/e=1",
    };
    for (const std::string_view text : valid)
        EXPECT_EQ(passable_tracestate(text), text);
}

TEST(TracestateTest, LeavesEmptyMembersAndOuterBlanksOut)
{
    EXPECT_EQ(passable_tracestate(" a=1 ,, \tb=2\t,"), "a=1,b=2");
    EXPECT_EQ(passable_tracestate(" , "), "");
}

TEST(TracestateTest, DropsTheWholeListForOneBadMember)
{
    const std::string_view invalid[] = {
        "a",
        "=1",
        "a=",
        "A=1",
        "0a=1",
        "a=1=2",
        "a b=1",
        "a=1,a=2",
        "@v=1",
        "t@=1",
        "t@0v=1",
        "a=\x01",
        "a=\xc3\xa4",
    };
    for (const std::string_view text : invalid) {
        EXPECT_EQ(passable_tracestate(text), "") << text;
        EXPECT_EQ(passable_tracestate("ok=1," + std::string(text)), "") << text;
    }
}

TEST(TracestateTest, IsBounded)
{
    std::string members;
    for (int i = 0; i < 32; ++i)
        members += (i == 0 ? "k" : ",k") + std::to_string(i) + "=v";
    EXPECT_EQ(passable_tracestate(members), members);
    EXPECT_EQ(passable_tracestate(members + ",one=more"), "");
    EXPECT_EQ(passable_tracestate("a=" + std::string(256, 'x')).size(), 258U);
    EXPECT_EQ(passable_tracestate("a=" + std::string(257, 'x')), "");
    EXPECT_EQ(passable_tracestate("a=" + std::string(256, 'x') + ",b=" + std::string(256, 'x')), "");
    EXPECT_NE(passable_tracestate(std::string(256, 'k') + "=v"), "");
    EXPECT_EQ(passable_tracestate(std::string(257, 'k') + "=v"), "");
}

TEST(TraceTest, BeginsOneTraceForEachFacts)
{
    const TraceContext one = begin_trace("one");
    EXPECT_EQ(one, begin_trace("one"));
    EXPECT_NE(one.trace, begin_trace("two").trace);
    EXPECT_TRUE(one.sampled);
    EXPECT_TRUE(parse_traceparent(one.text())) << one.text();
}

TEST(TraceTest, ContinuesATraceWithASpanOfItsOwn)
{
    const TraceContext parent = *parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00");
    const TraceContext next = continue_trace(parent, "evt_1");
    EXPECT_EQ(next.trace, parent.trace);
    EXPECT_FALSE(next.sampled) << "the caller decided";
    EXPECT_NE(next.span, parent.span);
    EXPECT_EQ(next, continue_trace(parent, "evt_1"));
    EXPECT_NE(next.span, continue_trace(parent, "evt_2").span);
    EXPECT_NE(next.span, continue_trace(next, "evt_1").span);
}

TEST(TraceTest, EveryAttemptToEveryDestinationIsASpan)
{
    std::set<std::string> seen{std::string(example)};
    for (std::int32_t sink = 0; sink < 30; ++sink)
        for (std::uint32_t attempt = 1; attempt <= 30; ++attempt) {
            const std::string own = trace_of_attempt(example, sink, attempt);
            EXPECT_EQ(own.substr(0, 36), example.substr(0, 36));
            EXPECT_TRUE(parse_traceparent(own)) << own;
            seen.insert(own);
        }
    EXPECT_EQ(seen.size(), 901U);
}

TEST(TraceTest, AnEventWithoutATraceHasAttemptsWithout)
{
    EXPECT_EQ(trace_of_attempt("", 0, 1), "");
    EXPECT_EQ(trace_of_attempt("damaged", 0, 1), "");
}

}  // namespace
}  // namespace pollhook::task
