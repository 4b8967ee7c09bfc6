#include "pollhook/provider/snapshot.hpp"

#include "fixture.hpp"
#include "pollhook/provider/clean_copy.hpp"
#include "pollhook/provider/url.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

namespace pollhook::provider {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

task::Snapshot proxy(std::string_view raw)
{
    const auto snapshot = read_midjourney_proxy_snapshot(raw);
    EXPECT_TRUE(snapshot) << raw;
    return snapshot ? *snapshot : task::Snapshot();
}

task::Snapshot ohmygpt(std::string_view raw)
{
    const auto snapshot = read_ohmygpt_snapshot(raw);
    EXPECT_TRUE(snapshot) << raw;
    return snapshot ? *snapshot : task::Snapshot();
}

std::string stripped(std::string_view raw)
{
    const auto object = JsonObject::parse(raw);
    EXPECT_TRUE(object) << raw;
    return object ? clean_copy(*object) : std::string();
}

TEST(SnapshotTest, ReadsTheDocumentedTaskOfAMidjourneyProxy)
{
    const std::string raw = test::fixture("quickrouter_task.json");
    const task::Snapshot snapshot = proxy(raw);
    EXPECT_EQ(snapshot.upstream_status, "SUCCESS");
    EXPECT_EQ(snapshot.action, "IMAGINE");
    EXPECT_EQ(snapshot.prompt, "pig --v 6.1");
    EXPECT_FALSE(snapshot.fail_reason);
    EXPECT_EQ(base::to_unix_ms(*snapshot.submitted_at), 1730621826053);
    EXPECT_EQ(base::to_unix_ms(*snapshot.started_at), 1730621828024);
    EXPECT_EQ(base::to_unix_ms(*snapshot.finished_at), 1730621855817);
    ASSERT_TRUE(snapshot.image_url);
    EXPECT_THAT(*snapshot.image_url, HasSubstr("?ex=6728831f"));
    EXPECT_THAT(snapshot.image_urls, ElementsAre(*snapshot.image_url));
    EXPECT_THAT(snapshot.video_urls, IsEmpty());
    EXPECT_THAT(snapshot.buttons, testing::StartsWith(R"([{"customId":"MJ::JOB::upsample::1::)"));
    EXPECT_TRUE(snapshot.complete);
    EXPECT_FALSE(snapshot.callback_url);
    // The same object, member for member, without white space.
    EXPECT_EQ(snapshot.upstream, boost::json::serialize(boost::json::parse(raw)));
}

TEST(SnapshotTest, ReadsTheDocumentedTaskOfOhMyGpt)
{
    const task::Snapshot snapshot = ohmygpt(test::ohmygpt_task());
    EXPECT_EQ(snapshot.upstream_status, "SUCCESS");
    EXPECT_EQ(snapshot.action, "IMAGINE");
    EXPECT_EQ(base::format_rfc3339(*snapshot.finished_at), "2023-08-31T13:59:50.000Z");
    EXPECT_THAT(*snapshot.image_url, HasSubstr("cdn.discordapp.com"));
    EXPECT_EQ(snapshot.callback_url, "https://webhook.site/9adf49d8-14c3-4270-b83e-25a9e93bcb40");
    EXPECT_THAT(snapshot.buttons, HasSubstr("MJ::JOB::reroll"));
    EXPECT_FALSE(snapshot.complete) << "the mirrored image is still to come";
    EXPECT_THAT(snapshot.upstream, Not(HasSubstr("webhook.site")));
    EXPECT_THAT(snapshot.upstream, HasSubstr(R"("taskId":20,"taskType":"NORMAL")"));
}

TEST(SnapshotTest, PrefersTheMirroredImage)
{
    const task::Snapshot snapshot = ohmygpt(
        R"({"taskId":1,"status":"SUCCESS","imageDcUrl":"https://dc/a.png","imageS3Url":"https://s3/a.png"})"
    );
    EXPECT_EQ(snapshot.image_url, "https://s3/a.png");
    EXPECT_THAT(snapshot.image_urls, ElementsAre("https://s3/a.png", "https://dc/a.png"));
    EXPECT_TRUE(snapshot.complete);
}

TEST(SnapshotTest, EveryFieldMayBeMissingOrOfAnotherType)
{
    for (const std::string_view raw :
         {"{}",
          R"({"status":7,"action":[],"prompt":{},"failReason":true,"submitTime":"soon","startTime":{},)"
          R"("finishTime":[1],"imageUrl":12,"imageUrls":"x","videoUrls":{"a":1},"buttons":"none",)"
          R"("properties":"p","actions":7,"webhookUrl":5,"imageDcUrl":[],"imageS3Url":{}})"}) {
        for (const task::Snapshot& snapshot : {proxy(raw), ohmygpt(raw)}) {
            EXPECT_EQ(snapshot.upstream_status, "");
            EXPECT_FALSE(snapshot.action || snapshot.prompt || snapshot.fail_reason || snapshot.image_url);
            EXPECT_FALSE(snapshot.submitted_at || snapshot.started_at || snapshot.finished_at);
            EXPECT_THAT(snapshot.image_urls, IsEmpty());
            EXPECT_THAT(snapshot.video_urls, IsEmpty());
            EXPECT_EQ(snapshot.buttons, "[]");
            EXPECT_FALSE(snapshot.callback_url);
        }
    }
    for (const std::string_view raw : {"", "[]", "null", "{", R"({"a":1}{)", "{\"a\":\"\xff\"}"}) {
        EXPECT_FALSE(read_midjourney_proxy_snapshot(raw)) << raw;
        EXPECT_FALSE(read_ohmygpt_snapshot(raw)) << raw;
    }
}

TEST(SnapshotTest, ReadsTimesOfEveryKind)
{
    struct Case {
        std::string_view value;
        std::string_view time;
    };
    for (const auto& [value, time] : {
             Case{"1730621826053", "2024-11-03T08:17:06.053Z"},
             Case{"1730621826", "2024-11-03T08:17:06.000Z"},
             Case{R"("1730621826053")", "2024-11-03T08:17:06.053Z"},
             Case{"1730621826053.0", "2024-11-03T08:17:06.053Z"},
             Case{R"("2023-08-31T13:59:14.000Z")", "2023-08-31T13:59:14.000Z"},
             Case{R"("2023-08-31 21:59:14+08:00")", "2023-08-31T13:59:14.000Z"},
             Case{"0", ""},
             Case{"null", ""},
             Case{R"("")", ""},
             Case{R"("0")", ""},
             Case{"-1", ""},
             Case{"1e400", ""},
             Case{"99999999999999999999", ""},
             Case{R"("0001-01-01T00:00:00Z")", ""},
             Case{R"("never")", ""},
             Case{"true", ""},
         }) {
        const auto snapshot = proxy(R"({"submitTime":)" + std::string(value) + "}");
        EXPECT_EQ(snapshot.submitted_at ? base::format_rfc3339(*snapshot.submitted_at) : "", time) << value;
    }
}

TEST(SnapshotTest, CollectsResultsOfEveryShapeOnce)
{
    const task::Snapshot snapshot = proxy(
        R"({"imageUrl":"https://i/grid.png","imageUrls":["https://i/1.png",{"url":"https://i/2.png"},"https://i/1.png",7,""],)"
        R"("videoUrl":"https://v/1.mp4","videoUrls":[{"url":"https://v/1.mp4"},"https://v/2.mp4",null,"data:video/mp4;base64,AA"]})"
    );
    EXPECT_EQ(snapshot.image_url, "https://i/grid.png");
    EXPECT_THAT(snapshot.image_urls, ElementsAre("https://i/1.png", "https://i/2.png"));
    EXPECT_THAT(snapshot.video_urls, ElementsAre("https://v/1.mp4", "https://v/2.mp4"));
    EXPECT_EQ(proxy(R"({"imageUrls":["https://i/1.png"]})").image_url, "https://i/1.png");
    EXPECT_FALSE(proxy(R"({"imageUrl":"data:image/png;base64,AAAA"})").image_url);
    EXPECT_FALSE(proxy(R"({"imageUrl":"https://i/a\nb"})").image_url);
}

TEST(SnapshotTest, AResultInThePlaceOfAReasonIsAResult)
{
    const task::Snapshot misplaced = proxy(R"({"status":"SUCCESS","failReason":"https://i/1.png"})");
    EXPECT_FALSE(misplaced.fail_reason);
    EXPECT_EQ(misplaced.image_url, "https://i/1.png");
    const task::Snapshot doubled =
        proxy(R"({"status":"success","failReason":"https://i/1.png","imageUrl":"https://i/2.png"})");
    EXPECT_FALSE(doubled.fail_reason);
    EXPECT_EQ(doubled.image_url, "https://i/2.png");
    const task::Snapshot failed =
        proxy(R"({"status":"FAILURE","failReason":"https://docs/banned","imageUrl":"https://i/late.png"})");
    EXPECT_EQ(failed.fail_reason, "https://docs/banned");
    EXPECT_EQ(failed.image_url, "https://i/late.png");
}

TEST(SnapshotTest, KnowsWhatATerminalTaskMayStillGet)
{
    struct Case {
        std::string_view raw;
        bool complete;
    };
    for (const auto& [raw, complete] : {
             Case{R"({"status":"SUCCESS","imageUrl":"https://i/1","buttons":[{"label":"U1"}]})", true},
             Case{R"({"status":"SUCCESS","imageUrl":"https://i/1","buttons":[]})", false},
             Case{R"({"status":"SUCCESS","imageUrl":"https://i/1"})", false},
             Case{R"({"status":"SUCCESS","buttons":[{"label":"U1"}]})", false},
             Case{R"({"status":"SUCCESS","videoUrl":"https://v/1","buttons":[{"label":"U1"}]})", true},
             Case{R"({"status":"SUCCESS","action":"DESCRIBE","buttons":[{"label":"1"}]})", true},
             Case{R"({"status":"SUCCESS","action":"SHORTEN","buttons":[{"label":"1"}]})", true},
             Case{R"({"status":"FAILURE"})", true},
             Case{R"({"status":"IN_PROGRESS"})", true},
         })
        EXPECT_EQ(proxy(raw).complete, complete) << raw;
    EXPECT_FALSE(ohmygpt(R"({"status":"SUCCESS","imageDcUrl":"https://i/1","imageS3Url":null})").complete);
    EXPECT_TRUE(ohmygpt(R"({"status":"SUCCESS","action":"DESCRIBE"})").complete);
    EXPECT_TRUE(ohmygpt(R"({"status":"CANCEL"})").complete);
}

TEST(SnapshotTest, OnlyAWebAddressIsACallback)
{
    EXPECT_EQ(ohmygpt(R"({"webhookUrl":"http://a/b"})").callback_url, "http://a/b");
    for (const std::string_view value : {"null", "\"\"", "\"file:///etc\"", "\"not a url\"", "7"})
        EXPECT_FALSE(ohmygpt(R"({"webhookUrl":)" + std::string(value) + "}").callback_url) << value;
    EXPECT_FALSE(proxy(R"({"webhookUrl":"http://a/b"})").callback_url);
}

TEST(SnapshotTest, TheDigestLeavesOutWhatChangesFromLookToLook)
{
    const auto digest = [](std::string_view query, std::string_view more = "") {
        return proxy(
                   R"({"imageUrl":"https://i/1.png)" + std::string(query) + R"(")" + std::string(more) + "}"
        )
            .result_digest;
    };
    const auto plain = digest("");
    for (const std::string_view query :
         {"?rand=1",
          "?rand=2",
          "?ex=a&is=b&hm=c&",
          "?",
          "#x",
          "?Expires=1&Signature=2&X-Amz-Date=3",
          "?RAND=9"})
        EXPECT_EQ(digest(query), plain) << query;
    for (const std::string_view more : {
             R"(,"progress":"12%","prompt":"p","finishTime":1)",
             R"(,"buttons":[])",
         })
        EXPECT_EQ(digest("", more), plain) << more;
    EXPECT_NE(digest("?width=2"), plain);
    EXPECT_NE(digest("", R"(,"failReason":"x")"), plain);
    EXPECT_NE(digest("", R"(,"buttons":[{"label":"U1"}])"), plain);
    EXPECT_NE(digest("", R"(,"videoUrl":"https://v/1")"), plain);
    EXPECT_NE(digest("", R"(,"imageUrls":["https://i/2.png"])"), plain);
}

TEST(StableUrlTest, KeepsWhatNamesTheResult)
{
    EXPECT_EQ(stable_url("https://a/b?width=1&rand=2&height=3"), "https://a/b?width=1&height=3");
    EXPECT_EQ(stable_url("https://a/b?ex=1&"), "https://a/b");
    EXPECT_EQ(stable_url("https://a/b?exact=1"), "https://a/b?exact=1");
    EXPECT_EQ(stable_url(""), "");
}

TEST(CleanCopyTest, StripsWhatMustNotLeave)
{
    struct Case {
        std::string_view raw;
        std::string_view clean;
    };
    for (const auto& [raw, clean] : {
             Case{
                 R"({ "id" : "1", "userId":4711, "clientIp":"198.51.100.23", "b":[ 1 , 2 ] })",
                 R"({"id":"1","b":[1,2]})"
             },
             Case{
                 R"({"properties":{"notifyHook":"https://h/?t=1","finalPrompt":"p","nonce":"1"}})",
                 R"({"properties":{"finalPrompt":"p"}})"
             },
             Case{R"({"properties":{"discordInstanceId":1,"discordChannelId":"2"}})", R"({"properties":{}})"},
             Case{R"({"user_id":1,"notify_hook":"x","\u006eonce":2,"webhookUrl":"https://h"})", "{}"},
             Case{R"({"maskBase64":"","base64Array":[]})", R"({"maskBase64":"","base64Array":[]})"},
             Case{
                 R"({"maskBase64":"iVBORw0KGgo=","base64Array":["AAAA"]})",
                 R"({"maskBase64":null,"base64Array":null})"
             },
             Case{
                 R"({"a":1e400,"b":[1e400,-1e999,1],"c":{"d":1e400,"e":2}})",
                 R"({"b":[null,null,1],"c":{"e":2}})"
             },
             Case{R"({"a":1e-400,"b":0.45,"c":1.10,"d":-0})", R"({"a":1e-400,"b":0.45,"c":1.10,"d":-0})"},
             Case{
                 R"({"n":123456789012345678901234567890,"m":18446744073709551616})",
                 R"({"n":123456789012345678901234567890,"m":18446744073709551616})"
             },
             Case{R"({"a":1,"b":2,"a":3})", R"({"b":2,"a":3})"},
             Case{
                 R"({"s":"\u0000\/ é","t":{"x":{"userId":1}}})",
                 R"({"s":"\u0000\/ é","t":{"x":{"userId":1}}})"
             },
         })
        EXPECT_EQ(stripped(raw), clean);
}

TEST(CleanCopyTest, EmbeddedFilesBecomeNull)
{
    const std::string base64 = std::string(9000, 'A') + "==";
    const std::string prompt(9000, ' ');
    EXPECT_EQ(
        stripped(R"({"a":")" + base64 + R"(","b":[{"c":")" + base64 + R"("}]})"),
        R"({"a":null,"b":[{"c":null}]})"
    );
    EXPECT_EQ(stripped(R"({"a":"data:image/png;base64, )" + base64 + R"("})"), R"({"a":null})");
    const std::string text = R"({"prompt":")" + prompt + R"("})";
    EXPECT_EQ(stripped(text), text);
    EXPECT_EQ(stripped(R"({"a":"data:,short"})"), R"({"a":"data:,short"})");
    EXPECT_FALSE(proxy(R"({"prompt":"data:image/png;base64,)" + base64 + R"("})").prompt);
}

TEST(SnapshotTest, MutatedTasksNeverCrashAndStayValid)
{
    const std::string good = test::fixture("quickrouter_task.json");
    std::mt19937 random(7);
    const auto below = [&](std::size_t bound) {
        return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random);
    };
    constexpr std::string_view pieces = "{}[]\",:\\0123456789eE+-.u";
    int readable = 0;
    for (int round = 0; round < 5'000; ++round) {
        std::string raw = good;
        for (std::size_t count = 1 + below(2); count > 0; --count)
            raw[below(raw.size())] = pieces[below(pieces.size())];
        const auto snapshot = read_midjourney_proxy_snapshot(raw);
        if (!snapshot)
            continue;
        ++readable;
        EXPECT_TRUE(is_valid_json(snapshot->upstream)) << raw;
        EXPECT_TRUE(is_valid_json(snapshot->buttons)) << raw;
    }
    EXPECT_GT(readable, 100);
}

}  // namespace
}  // namespace pollhook::provider
