#include "pollhook/task/announcement.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

namespace pollhook::task {
namespace {

namespace json = boost::json;

Announcement failing()
{
    return {
        .type = EventType::sink_failing,
        .subject = "sink/ops",
        .members = R"(,"sink":"ops","reason":"HTTP 503")",
        .at = base::TimePoint(base::Duration(1'795'231'119'123)),
    };
}

TEST(AnnouncementTest, BodyIsAStandardWebhooksPayload)
{
    const EventBody body = assemble(failing(), 3);

    EXPECT_EQ(
        body.bytes,
        R"({"type":"sink.failing","timestamp":"2026-11-21T03:18:39.123Z","data":{"subject":"sink/ops",)"
        R"("sequence":3,"sink":"ops","reason":"HTTP 503"}})"
    );
    EXPECT_EQ(data_of(body.bytes), R"({"subject":"sink/ops","sequence":3,"sink":"ops","reason":"HTTP 503"})");
}

TEST(AnnouncementTest, SubjectIsEscaped)
{
    Announcement announcement = failing();
    announcement.subject = "delivery/quickrouter/a\"b";

    const json::value value = json::parse(assemble(announcement, 1).bytes);
    EXPECT_EQ(value.at("data").at("subject").as_string(), "delivery/quickrouter/a\"b");
}

TEST(AnnouncementTest, IdTellsSubjectSequenceTypeAndTimeApart)
{
    const Announcement first = failing();
    Announcement other_subject = first;
    other_subject.subject = "sink/log";
    Announcement other_type = first;
    other_type.type = EventType::sink_recovered;
    Announcement later = first;
    later.at += base::Duration(1);

    const std::string id = event_id(first, 1);
    EXPECT_EQ(id, event_id(first, 1));
    EXPECT_EQ(id.size(), 36U);
    EXPECT_NE(id, event_id(first, 2));
    EXPECT_NE(id, event_id(other_subject, 1));
    EXPECT_NE(id, event_id(other_type, 1));
    EXPECT_NE(id, event_id(later, 1));
}

TEST(AnnouncementTest, OwnEventsAreNotTerminal)
{
    EXPECT_TRUE(is_own(EventType::provider_recovered));
    EXPECT_FALSE(is_own(EventType::unknown));
    EXPECT_FALSE(is_terminal(EventType::delivery_dead));
    EXPECT_EQ(parse_event_type("delivery.dead"), EventType::delivery_dead);
}

}  // namespace
}  // namespace pollhook::task
