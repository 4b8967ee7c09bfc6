#include "pollhook/task/detect.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace pollhook::task {
namespace {

constexpr base::TimePoint at{base::Duration(1'700'000'000'000)};

/// A task that is fed with looks and remembers what it announced.
class Story {
public:
    Story& look(std::string_view word, int progress = -1)
    {
        if (const auto t =
                detect(known_, from_upstream(word), static_cast<std::int8_t>(progress), word, at)) {
            known_ = apply(known_, *t, word);
            announced_.push_back(*t);
        }
        return *this;
    }
    Story& decide(EventType type)
    {
        announced_.push_back(task::decide(known_, type, at));
        known_ = apply(known_, announced_.back(), "");
        return *this;
    }
    [[nodiscard]] std::vector<EventType> types() const
    {
        std::vector<EventType> types;
        for (const Transition& t : announced_)
            types.push_back(t.type);
        return types;
    }
    [[nodiscard]] const std::vector<Transition>& announced() const { return announced_; }
    [[nodiscard]] const Known& known() const { return known_; }

private:
    Known known_;
    std::vector<Transition> announced_;
};

using enum EventType;
using Types = std::vector<EventType>;

TEST(DetectTest, TellsAWholeLife)
{
    Story story;
    story.look("SUBMITTED")
        .look("IN_PROGRESS", 0)
        .look("IN_PROGRESS", 30)
        .look("IN_PROGRESS", 30)
        .look("SUCCESS", 100);
    EXPECT_EQ(story.types(), (Types{running, progress, succeeded}));
    EXPECT_EQ(
        story.announced()[1],
        (Transition{
            .type = progress,
            .sequence = 2,
            .from = Status::running,
            .to = Status::running,
            .from_progress = 0,
            .to_progress = 30,
            .at = at,
        })
    );
}

TEST(DetectTest, FirstLookAnnouncesOnlyWhatIsPastQueued)
{
    EXPECT_TRUE(Story().look("").types().empty());
    EXPECT_TRUE(Story().look("SUBMITTED", 0).types().empty());
    EXPECT_EQ(Story().look("IN_PROGRESS", 45).types(), (Types{running}));
    EXPECT_EQ(Story().look("FAILURE").types(), (Types{failed}));
}

TEST(DetectTest, StatusAndProgressTogetherAreOneStatusEvent)
{
    const Story story = Story().look("IN_PROGRESS", 60);
    ASSERT_EQ(story.types(), (Types{running}));
    EXPECT_EQ(story.announced()[0].to_progress, 60);
}

TEST(DetectTest, FallingProgressIsNotAnnounced)
{
    const Story story = Story()
                            .look("IN_PROGRESS", 60)
                            .look("IN_PROGRESS", 10)
                            .look("IN_PROGRESS", 60)
                            .look("IN_PROGRESS", 61);
    EXPECT_EQ(story.types(), (Types{running, progress}));
}

TEST(DetectTest, MissingProgressKeepsTheLast)
{
    const Story story = Story().look("IN_PROGRESS", 60).look("FAILURE", -1);
    ASSERT_EQ(story.types(), (Types{running, failed}));
    EXPECT_EQ(story.announced()[1].to_progress, 60);
}

TEST(DetectTest, SuccessIsAlwaysFull)
{
    EXPECT_EQ(Story().look("SUCCESS", -1).announced()[0].to_progress, 100);
}

TEST(DetectTest, StatusNeverFalls)
{
    EXPECT_EQ(
        Story().look("IN_PROGRESS", 5).look("SUBMITTED", 0).look("NOT_START").types(), (Types{running})
    );
}

TEST(DetectTest, FullProgressIsNotTheEnd)
{
    EXPECT_EQ(Story().look("IN_PROGRESS", 100).look("IN_PROGRESS", 100).types(), (Types{running}));
}

TEST(DetectTest, FirstTerminalStateWins)
{
    EXPECT_EQ(Story().look("FAILURE").look("SUCCESS", 100).look("IN_PROGRESS", 3).types(), (Types{failed}));
    EXPECT_EQ(Story().look("IN_PROGRESS").decide(lost).look("SUCCESS", 100).types(), (Types{running, lost}));
}

TEST(DetectTest, WaitingComesAndGoes)
{
    EXPECT_EQ(
        Story().look("MODAL").look("MODAL").look("IN_PROGRESS", 10).look("MODAL", 10).look("SUCCESS").types(),
        (Types{waiting, running, waiting, succeeded})
    );
}

TEST(DetectTest, UnknownWordsAreReportedOnceEachAndDoNotEndATask)
{
    EXPECT_EQ(
        Story().look("PAUSED").look("paused").look("REVIEW").look("IN_PROGRESS", 1).types(),
        (Types{unknown, unknown, running})
    );
}

TEST(DetectTest, WhatFollowsAnUnknownWordIsMeasuredByWhatCameBefore)
{
    EXPECT_EQ(Story().look("PAUSED").look("SUBMITTED").types(), (Types{unknown, queued}));
    EXPECT_EQ(
        Story().look("IN_PROGRESS", 5).look("PAUSED").look("SUBMITTED").types(), (Types{running, unknown})
    );
    EXPECT_EQ(
        Story().look("IN_PROGRESS", 5).look("PAUSED").look("IN_PROGRESS", 5).types(),
        (Types{running, unknown, running})
    );
}

TEST(DetectTest, StalledKeepsTheStateAndIsForgottenAfterAChange)
{
    Story story = Story().look("IN_PROGRESS", 5).decide(stalled);
    EXPECT_TRUE(story.known().stalled_announced);
    EXPECT_EQ(story.known().status, Status::running);
    story.look("IN_PROGRESS", 6);
    EXPECT_FALSE(story.known().stalled_announced);
    EXPECT_EQ(story.types(), (Types{running, stalled, progress}));
}

TEST(DetectTest, UpdatedFollowsTheEnd)
{
    const Story story = Story().look("SUCCESS").decide(updated);
    EXPECT_EQ(story.announced()[1].to, Status::succeeded);
    EXPECT_EQ(story.announced()[1].sequence, 2U);
}

TEST(DetectTest, SequencesHaveNoGapsWhateverTheRelayAnswers)
{
    Story story;
    const std::vector<std::string_view> words{
        "", "IN_PROGRESS", "MODAL", "X", "SUBMITTED", "Y", "FAILURE", "SUCCESS"
    };
    for (std::size_t i = 0; i < 200; ++i)
        story.look(words[(i * 7 + i / 3) % (i < 150 ? 6 : 8)], static_cast<int>(i * 37 % 102) - 1);
    std::uint32_t expected = 1;
    int peak = 0;
    int last_progress = 0;
    bool ended = false;
    for (const Transition& t : story.announced()) {
        EXPECT_EQ(t.sequence, expected++);
        EXPECT_GE(t.to_progress, last_progress);
        EXPECT_FALSE(ended);
        if (t.to != Status::unknown) {
            EXPECT_GE(rank(t.to), peak);
            peak = rank(t.to);
        }
        last_progress = t.to_progress;
        ended = is_terminal(t.to);
    }
    EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace pollhook::task
