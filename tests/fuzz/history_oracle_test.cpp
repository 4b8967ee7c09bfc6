#include "fuzz/history_oracle.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pollhook::fuzz {
namespace {

using task::EventType;
using task::Status;

task::Transition step(
    std::uint32_t sequence,
    EventType type,
    Status from,
    Status to,
    std::int8_t from_progress,
    std::int8_t to_progress
)
{
    return {
        .type = type,
        .sequence = sequence,
        .from = from,
        .to = to,
        .from_progress = from_progress,
        .to_progress = to_progress,
        .at = {}
    };
}

/// What the oracle says about the last of the steps; those before are good.
std::string last_word(const std::vector<task::Transition>& steps)
{
    HistoryOracle oracle;
    std::string word;
    for (const task::Transition& one : steps) {
        EXPECT_EQ(word, "") << "only the last step may be wrong";
        word = oracle.follow(one).value_or("");
    }
    return word;
}

const task::Transition started = step(1, EventType::running, Status::queued, Status::running, 0, 30);
const task::Transition finished = step(2, EventType::succeeded, Status::running, Status::succeeded, 30, 100);

TEST(HistoryOracleTest, AllowsAGoodLife)
{
    EXPECT_EQ(
        last_word(
            {started, finished, step(3, EventType::updated, Status::succeeded, Status::succeeded, 100, 100)}
        ),
        ""
    );
}

TEST(HistoryOracleTest, FindsAGap)
{
    EXPECT_EQ(
        last_word({started, step(3, EventType::progress, Status::running, Status::running, 30, 40)}),
        "I2: the sequence has a gap"
    );
}

TEST(HistoryOracleTest, FindsAStatusThatFallsBack)
{
    EXPECT_EQ(
        last_word({started, step(2, EventType::queued, Status::running, Status::queued, 30, 30)}),
        "I3: the status fell back"
    );
}

TEST(HistoryOracleTest, FindsAStatusThatFallsBackBehindAnUnknownOne)
{
    EXPECT_EQ(
        last_word(
            {started,
             step(2, EventType::unknown, Status::running, Status::unknown, 30, 30),
             step(3, EventType::queued, Status::unknown, Status::queued, 30, 30)}
        ),
        "I3: the status fell back"
    );
}

TEST(HistoryOracleTest, FindsProgressThatFalls)
{
    EXPECT_EQ(
        last_word({started, step(2, EventType::progress, Status::running, Status::running, 30, 29)}),
        "I3: the progress fell, or is above 100"
    );
}

TEST(HistoryOracleTest, FindsASecondEnd)
{
    EXPECT_EQ(
        last_word({started, finished, step(3, EventType::failed, Status::succeeded, Status::failed, 100, 100)}
        ),
        "I3: a step after the end"
    );
}

TEST(HistoryOracleTest, FindsAStepFromElsewhere)
{
    EXPECT_EQ(
        last_word({started, step(2, EventType::failed, Status::waiting, Status::failed, 30, 30)}),
        "I3: the step does not begin where the last one ended"
    );
}

TEST(HistoryOracleTest, FindsAStepThatChangesNothing)
{
    EXPECT_EQ(
        last_word({started, step(2, EventType::progress, Status::running, Status::running, 30, 30)}),
        "I3: a step that changes nothing"
    );
}

}  // namespace
}  // namespace pollhook::fuzz
