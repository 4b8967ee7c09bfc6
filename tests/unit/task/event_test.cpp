#include "pollhook/task/event.hpp"

#include "pollhook/task/detect.hpp"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

#include <set>

namespace pollhook::task {
namespace {

namespace json = boost::json;

const TaskKey key{.provider = "quickrouter", .id = "1743326750223591"};
const Transition step{
    .type = EventType::progress,
    .sequence = 3,
    .from = Status::running,
    .to = Status::running,
    .from_progress = 30,
    .to_progress = 45,
    .at = base::TimePoint(base::Duration(1'795'231'119'123)),
};

Snapshot snapshot()
{
    Snapshot s;
    s.upstream_status = "IN_PROGRESS";
    s.action = "IMAGINE";
    s.prompt = "a \"pig\"\n\xF0\x9F\x90\x96";
    s.submitted_at = base::TimePoint(base::Duration(1'795'231'100'000));
    s.image_url = "https://cdn.example/x.png?a=1&b=2";
    s.image_urls = {"https://cdn.example/x.png"};
    s.buttons = R"([{"customId":"MJ::1","label":"U1"}])";
    s.upstream = R"({"id":"1743326750223591","data":{"upstream":{}}})";
    return s;
}

TEST(EventTest, BodyIsTheContractsObject)
{
    const EventBody body = assemble(draft_event(key, step, snapshot()), R"({"orderId":"A-17"})");
    const json::value expected = json::parse(R"({
        "type": "task.progress", "timestamp": "2026-11-21T03:18:39.123Z",
        "data": {
            "provider": "quickrouter", "id": "1743326750223591", "sequence": 3,
            "status": "running", "upstreamStatus": "IN_PROGRESS", "progress": 45,
            "previous": {"status": "running", "progress": 30},
            "action": "IMAGINE", "prompt": "a \"pig\"\n🐖", "failReason": null,
            "submittedAt": "2026-11-21T03:18:20.000Z", "startedAt": null, "finishedAt": null,
            "imageUrl": "https://cdn.example/x.png?a=1&b=2", "imageUrls": ["https://cdn.example/x.png"], "videoUrls": [],
            "buttons": [{"customId":"MJ::1","label":"U1"}], "metadata": {"orderId": "A-17"},
            "upstream": {"id":"1743326750223591","data":{"upstream":{}}}
        }
    })");
    EXPECT_EQ(json::parse(body.bytes), expected);
}

TEST(EventTest, PartsAreFoundWithoutParsing)
{
    const EventBody body = assemble(draft_event(key, step, snapshot()), R"({"data":{"upstream":1}})");
    EXPECT_EQ(upstream_of(body.bytes, body.upstream_at), snapshot().upstream);
    EXPECT_EQ(json::parse(data_of(body.bytes)), json::parse(body.bytes).at("data"));
    EXPECT_EQ(upstream_of("{}", 7), "{}");
    EXPECT_EQ(data_of("{}"), "{}");
}

TEST(EventTest, SnapshotReadsBackFromABody)
{
    const EventBody body = assemble(draft_event(key, step, snapshot()), "{}");
    const EventBody again = assemble(draft_event(key, step, snapshot_of(body.bytes)), "{}");
    EXPECT_EQ(json::parse(again.bytes), json::parse(body.bytes));
    EXPECT_EQ(snapshot_of("").upstream, "{}");
    EXPECT_EQ(snapshot_of("not json").buttons, "[]");
}

TEST(EventIdTest, IsTheSameForTheSameStepAndDiffersForEveryOther)
{
    std::set<std::string> ids{event_id(key, step)};
    EXPECT_EQ(event_id(key, step), *ids.begin());
    EXPECT_EQ(ids.begin()->size(), 36U);
    EXPECT_TRUE(ids.begin()->starts_with("evt_"));
    EXPECT_EQ(ids.begin()->find('.'), std::string::npos);

    Transition other = step;
    other.at += base::Duration(5);
    EXPECT_EQ(event_id(key, other), *ids.begin()) << "a second detection after a crash is another moment";

    other = step;
    other.sequence = 4;
    EXPECT_TRUE(ids.insert(event_id(key, other)).second);
    other = step;
    other.to = Status::failed;
    EXPECT_TRUE(ids.insert(event_id(key, other)).second);
    other = step;
    other.to_progress = 46;
    EXPECT_TRUE(ids.insert(event_id(key, other)).second);
    EXPECT_TRUE(ids.insert(event_id({"quickrouter1", "743326750223591"}, step)).second);
}

TEST(EventTypeTest, ANumberThatIsNoTypeHasAName)
{
    EXPECT_EQ(name(static_cast<EventType>(100)), "invalid");
}

}  // namespace
}  // namespace pollhook::task
