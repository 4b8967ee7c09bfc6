#include "pollhook/base/system_clock.hpp"
#include "pollhook/http/client.hpp"
#include "pollhook/provider/error.hpp"
#include "pollhook/provider/factory.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pollhook::provider {
namespace {

namespace json = boost::json;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

std::string fixture(const std::string& name)
{
    std::ifstream file(POLLHOOK_FIXTURES "/" + name);
    EXPECT_TRUE(file) << name;
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string data_of(const std::string& answer)
{
    const std::size_t begin = answer.find('{', answer.find("\"data\""));
    return answer.substr(begin, answer.rfind('}') - begin);
}

class SnapshotTableTest : public testing::Test {
protected:
    base::Result<task::Snapshot> read(config::ProviderType type, std::string_view raw)
    {
        config::Provider settings;
        settings.name = "relay";
        settings.type = type;
        settings.base_url = "http://127.0.0.1:9";
        return make_provider(settings, clock_, client_)->snapshot(raw);
    }

    task::Snapshot proxy(const std::string& raw) { return good(config::ProviderType::midjourney_proxy, raw); }
    task::Snapshot ohmygpt(const std::string& raw) { return good(config::ProviderType::ohmygpt, raw); }

private:
    task::Snapshot good(config::ProviderType type, const std::string& raw)
    {
        auto snapshot = read(type, raw);
        if (!snapshot) {
            ADD_FAILURE() << raw;
            return {};
        }
        return std::move(*snapshot);
    }

    boost::asio::io_context loop_{1};
    base::SystemClock clock_{loop_};
    http::Client client_{loop_, clock_, http::ClientOptions()};
};

json::object parsed(const std::string& text)
{
    return json::parse(text).as_object();
}

TEST_F(SnapshotTableTest, ReadsTheDocumentedQuickRouterTask)
{
    const task::Snapshot task = proxy(fixture("quickrouter_task.json"));
    EXPECT_EQ(task.upstream_status, "SUCCESS");
    EXPECT_EQ(task.action, "IMAGINE");
    EXPECT_EQ(task.prompt, "pig --v 6.1");
    EXPECT_EQ(task.fail_reason, std::nullopt);
    EXPECT_EQ(task.submitted_at, base::from_unix_ms(1730621826053));
    EXPECT_EQ(task.started_at, base::from_unix_ms(1730621828024));
    EXPECT_EQ(task.finished_at, base::from_unix_ms(1730621855817));
    ASSERT_TRUE(task.image_url);
    EXPECT_THAT(*task.image_url, StartsWith("https://cdnmjp.oneabc.org/attachments/1300842274347028520/"));
    EXPECT_THAT(*task.image_url, EndsWith("&"));
    EXPECT_THAT(task.image_urls, ElementsAre(*task.image_url));
    EXPECT_THAT(task.video_urls, IsEmpty());
    EXPECT_EQ(json::parse(task.buttons).as_array().size(), 9U);
    EXPECT_EQ(json::parse(task.buttons).at(4).at("emoji").as_string(), "🔄");
    EXPECT_EQ(task.callback_url, std::nullopt);
    EXPECT_TRUE(task.complete);
    EXPECT_THAT(task.upstream, StartsWith(R"({"id":"1730621826053455","action":"IMAGINE","customId":"")"));
    EXPECT_THAT(task.upstream, HasSubstr(R"("submitTime":1730621826053,"startTime":1730621828024)"));
    EXPECT_THAT(task.upstream, Not(HasSubstr("\n")));
    EXPECT_EQ(parsed(task.upstream).at("properties").at("finalPrompt").as_string(), "pig --v 6.1");
}

TEST_F(SnapshotTableTest, ReadsTheDocumentedOhmygptTask)
{
    for (const std::string name : {"ohmygpt_task.json", "ohmygpt_page.json"}) {
        const task::Snapshot task = ohmygpt(data_of(fixture(name)));
        EXPECT_EQ(task.upstream_status, "SUCCESS");
        EXPECT_EQ(task.action, "IMAGINE");
        EXPECT_THAT(task.prompt.value_or(""), StartsWith("chibi manga legend"));
        EXPECT_EQ(task.fail_reason, std::nullopt);
        EXPECT_EQ(task.submitted_at, base::parse_rfc3339("2023-08-31T13:59:14Z"));
        EXPECT_EQ(task.finished_at, base::parse_rfc3339("2023-08-31T13:59:50Z"));
        EXPECT_THAT(task.image_url.value_or(""), StartsWith("https://cdn.discordapp.com/attachments/"));
        EXPECT_THAT(task.image_urls, ElementsAre(task.image_url.value_or("")));
        EXPECT_EQ(json::parse(task.buttons).as_array().size(), 9U);
        EXPECT_EQ(task.callback_url, "https://webhook.site/9adf49d8-14c3-4270-b83e-25a9e93bcb40");
        EXPECT_THAT(task.upstream, Not(HasSubstr("webhook.site")));
        EXPECT_FALSE(task.complete) << "imageS3Url is still null";
    }
}

TEST_F(SnapshotTableTest, StandsMembersOfAnyType)
{
    const std::string wrong[] = {"null", "true", "17", "-1.5", "\"\"", "[]", "{}", "[null]", "[[{}]]"};
    for (const std::string& value : wrong) {
        std::string raw = R"({"id":"7")";
        for (const char* name : {"status",     "action",     "prompt",     "failReason",  "submitTime",
                                 "startTime",  "finishTime", "imageUrl",   "imageUrls",   "videoUrl",
                                 "videoUrls",  "buttons",    "actions",    "properties",  "webhookUrl",
                                 "imageDcUrl", "imageS3Url", "maskBase64", "base64Array", "state"})
            raw += ",\"" + std::string(name) + "\":" + value;
        raw += "}";
        for (const task::Snapshot& task : {proxy(raw), ohmygpt(raw)}) {
            EXPECT_EQ(task.image_url, std::nullopt) << value;
            EXPECT_EQ(task.fail_reason, std::nullopt) << value;
            EXPECT_THAT(task.image_urls, IsEmpty()) << value;
            EXPECT_EQ(task.callback_url, std::nullopt) << value;
            EXPECT_TRUE(json::parse(task.upstream).is_object()) << value;
            EXPECT_TRUE(json::parse(task.buttons).is_array()) << value;
        }
    }
    const task::Snapshot empty = proxy("{}");
    EXPECT_EQ(empty.upstream, "{}");
    EXPECT_EQ(empty.buttons, "[]");
    EXPECT_EQ(empty.submitted_at, std::nullopt);
}

TEST_F(SnapshotTableTest, RefusesWhatIsNoObject)
{
    std::string deep(40, '[');
    deep += std::string(40, ']');
    for (const std::string& raw :
         {std::string(),
          std::string("[]"),
          std::string("null"),
          std::string("{"),
          std::string("{\"a\":}"),
          std::string("{} {}"),
          std::string("{\"a\":\"\xff\"}"),
          "{\"a\":" + deep + "}"})
        for (const auto type : {config::ProviderType::midjourney_proxy, config::ProviderType::ohmygpt}) {
            const auto snapshot = read(type, raw);
            ASSERT_FALSE(snapshot) << raw;
            EXPECT_EQ(snapshot.error(), Errc::malformed_answer);
        }
}

TEST_F(SnapshotTableTest, ReadsEveryShapeOfTime)
{
    const std::pair<std::string, std::optional<std::int64_t>> rows[] = {
        {"1730621826053", 1730621826053},
        {"1730621826", 1730621826000},
        {R"("1730621826053")", 1730621826053},
        {R"("2024-11-03T08:17:06.053Z")", 1730621826053},
        {R"("2024-11-03T16:17:06.053+08:00")", 1730621826053},
        {R"("2024-11-03 08:17:06")", 1730621826000},
        {"0", std::nullopt},
        {"-5", std::nullopt},
        {"null", std::nullopt},
        {R"("")", std::nullopt},
        {R"("0")", std::nullopt},
        {R"("yesterday")", std::nullopt},
        {R"("2024-13-03T08:17:06Z")", std::nullopt},
        {"1e400", std::nullopt},
        {"18446744073709551615", std::nullopt},
        {"true", std::nullopt},
        {"{}", std::nullopt},
    };
    for (const auto& [text, ms] : rows) {
        const std::string raw = R"({"id":"7","finishTime":)" + text + "}";
        for (const task::Snapshot& task : {proxy(raw), ohmygpt(raw)}) {
            EXPECT_EQ(task.finished_at.has_value(), ms.has_value()) << text;
            if (task.finished_at && ms)
                EXPECT_EQ(base::to_unix_ms(*task.finished_at), *ms) << text;
        }
    }
}

TEST_F(SnapshotTableTest, FindsEveryResult)
{
    const task::Snapshot several =
        proxy(R"({"status":"SUCCESS","imageUrl":"https://x/grid.png","imageUrls":["https://x/1.png",)"
              R"({"url":"https://x/2.png"},"https://x/1.png",7,null,{"url":null},""],)"
              R"("videoUrl":"https://x/a.mp4","videoUrls":["https://x/a.mp4",{"url":"https://x/b.mp4"}]})");
    EXPECT_EQ(several.image_url, "https://x/grid.png");
    EXPECT_THAT(several.image_urls, testing::IsSupersetOf({"https://x/1.png", "https://x/2.png"}));
    EXPECT_LE(several.image_urls.size(), 3U);
    EXPECT_THAT(several.video_urls, ElementsAre("https://x/a.mp4", "https://x/b.mp4"));

    const task::Snapshot list_only = proxy(R"({"status":"SUCCESS","imageUrls":["https://x/1.png"]})");
    EXPECT_EQ(list_only.image_url, "https://x/1.png");

    const task::Snapshot mirrored =
        ohmygpt(R"({"status":"SUCCESS","imageDcUrl":"https://dc/1.png","imageS3Url":"https://s3/1.png"})");
    EXPECT_EQ(mirrored.image_url, "https://s3/1.png");
    EXPECT_THAT(mirrored.image_urls, testing::UnorderedElementsAre("https://s3/1.png", "https://dc/1.png"));
    EXPECT_TRUE(mirrored.complete);

    EXPECT_EQ(proxy(R"({"imageUrl":"data:image/png;base64,AAAA"})").image_url, std::nullopt);
}

TEST_F(SnapshotTableTest, TellsAReasonFromAMisplacedResult)
{
    struct Row {
        std::string members;
        std::optional<std::string> reason;
        std::optional<std::string> image;
    };
    const Row rows[] = {
        {R"("status":"FAILURE","failReason":"banned prompt")", "banned prompt", std::nullopt},
        {R"("status":"SUCCESS","failReason":"https://x/1.png")", std::nullopt, "https://x/1.png"},
        {R"("status":"SUCCESS","failReason":"https://x/1.png","imageUrl":"https://x/2.png")",
         std::nullopt,
         "https://x/2.png"},
        {R"("status":"FAILURE","failReason":"late","imageUrl":"https://x/2.png")", "late", "https://x/2.png"},
        {R"("status":"FAILURE","failReason":"https://x/why.html")", "https://x/why.html", std::nullopt},
        {R"("status":"SUCCESS","failReason":"")", std::nullopt, std::nullopt},
        {R"("status":"SUCCESS","failReason":" ")", std::nullopt, std::nullopt},
        {R"("status":"SUCCESS","failReason":null)", std::nullopt, std::nullopt},
    };
    for (const Row& row : rows) {
        const task::Snapshot task = proxy("{" + row.members + "}");
        EXPECT_EQ(task.fail_reason, row.reason) << row.members;
        EXPECT_EQ(task.image_url, row.image) << row.members;
    }
}

TEST_F(SnapshotTableTest, KnowsWhenAResultIsStillToCome)
{
    const std::pair<std::string, bool> rows[] = {
        {R"("status":"SUCCESS","imageUrl":"https://x/1","buttons":[{"label":"U1"}])", true},
        {R"("status":"SUCCESS","videoUrl":"https://x/1","buttons":[{"label":"U1"}])", true},
        {R"("status":"SUCCESS","imageUrl":"https://x/1","buttons":[])", false},
        {R"("status":"SUCCESS","imageUrl":"https://x/1","buttons":null)", false},
        {R"("status":"SUCCESS","buttons":[{"label":"U1"}])", false},
        {R"("status":"SUCCESS","action":"DESCRIBE","buttons":[{"label":"1"}])", true},
        {R"("status":"SUCCESS","action":"SHORTEN","buttons":[{"label":"1"}])", true},
        {R"("status":"FAILURE","failReason":"x")", true},
        {R"("status":"CANCEL")", true},
        {R"("status":"IN_PROGRESS")", true},
    };
    for (const auto& [members, complete] : rows)
        EXPECT_EQ(proxy("{" + members + "}").complete, complete) << members;
    EXPECT_FALSE(ohmygpt(R"({"status":"SUCCESS","imageDcUrl":"https://x/1","imageS3Url":null})").complete);
    EXPECT_TRUE(ohmygpt(R"({"status":"FAILURE","imageS3Url":null})").complete);
}

TEST_F(SnapshotTableTest, StripsWhatMustNotLeave)
{
    const std::string raw =
        R"({"id":"7","userId":"u-secret","clientIp":"203.0.113.9","nonce":"n-secret","webhookUrl":"https://h/secret",)"
        R"("notifyHook":"https://h/secret","not\u0069fyHook":"https://h/secret","discordInstanceId":"d-secret",)"
        R"("discordChannelId":"c-secret","prompt":"a","properties":{"notifyHook":"https://h/secret",)"
        R"("nonce":"n-secret","discordInstanceId":"d-secret","discordChannelId":"c-secret","userId":"u-secret",)"
        R"("clientIp":"203.0.113.9","webhookUrl":"https://h/secret","finalPrompt":"a b"},"state":"order 17"})";
    for (const task::Snapshot& task : {proxy(raw), ohmygpt(raw)}) {
        EXPECT_EQ(
            task.upstream, R"({"id":"7","prompt":"a","properties":{"finalPrompt":"a b"},"state":"order 17"})"
        );
    }
    EXPECT_EQ(proxy(raw).callback_url, std::nullopt);
    EXPECT_EQ(ohmygpt(raw).callback_url, "https://h/secret");
}

TEST_F(SnapshotTableTest, StripsEmbeddedFiles)
{
    const std::string blob(9'000, 'A');
    const std::string long_text(9'000, ' ');
    const std::string raw = R"({"id":"7","maskBase64":"AAAA","base64Array":["AAAA"],"a":")" + blob +
                            R"(","b":{"c":["data:image/png;base64,)" + blob + R"("]},"prompt":"x)" +
                            long_text + R"("})";
    const task::Snapshot task = proxy(raw);
    EXPECT_THAT(task.upstream, Not(HasSubstr("AAAA")));
    EXPECT_THAT(task.upstream, HasSubstr(R"("id":"7")"));
    EXPECT_THAT(task.upstream, HasSubstr(long_text)) << "a long prompt is no file";
    EXPECT_TRUE(json::parse(task.upstream).is_object());
}

TEST_F(SnapshotTableTest, ForwardsNumbersAsTheyCame)
{
    const task::Snapshot task = proxy(
        R"({ "big" : 123456789012345678901234567890 , "u64":18446744073709551615,"half":0.50,"tiny":1e-7,)"
        R"("infinite":1e400,"less":-1e999,"list":[1,1e400,2] , "z":0 })"
    );
    EXPECT_THAT(
        task.upstream, StartsWith(R"({"big":123456789012345678901234567890,"u64":18446744073709551615)")
    );
    EXPECT_THAT(task.upstream, HasSubstr(R"("half":0.50,"tiny":1e-7)"));
    EXPECT_THAT(task.upstream, Not(HasSubstr("400")));
    EXPECT_THAT(task.upstream, Not(HasSubstr("999")));
    EXPECT_THAT(task.upstream, EndsWith(R"(,"z":0})"));
    EXPECT_TRUE(json::parse(task.upstream).is_object());
}

TEST_F(SnapshotTableTest, ForwardsEachMemberOnce)
{
    const task::Snapshot task = proxy(R"({"status":"SUCCESS","a":1,"status":"IN_PROGRESS"})");
    EXPECT_EQ(task.upstream_status, "IN_PROGRESS");
    EXPECT_THAT(task.upstream, Not(HasSubstr("SUCCESS")));
}

TEST_F(SnapshotTableTest, DigestsTheResultWithoutItsVolatileParts)
{
    const auto digest = [&](const std::string& members) {
        return proxy(R"({"status":"SUCCESS",)" + members + "}").result_digest;
    };
    const std::uint64_t plain = digest(R"("imageUrl":"https://x/1.png","buttons":[{"label":"U1"}])");
    for (const std::string query :
         {"?rand=17", "?", "?ex=6728831f&is=6727319f&hm=f6d7&", "?sig=1&rand=2", "?&", "#top"})
        EXPECT_EQ(digest(R"("imageUrl":"https://x/1.png)" + query + R"(","buttons":[{"label":"U2"}])"), plain)
            << query;
    for (const std::string members :
         {R"("imageUrl":"https://x/2.png","buttons":[{"label":"U1"}])",
          R"("imageUrl":"https://x/1.png?size=2","buttons":[{"label":"U1"}])",
          R"("imageUrl":"https://x/1.png?random=2","buttons":[{"label":"U1"}])",
          R"("imageUrl":"https://x/1.png","buttons":[])",
          R"("imageUrl":"https://x/1.png","buttons":[{},{}])",
          R"("imageUrl":"https://x/1.png","videoUrl":"https://x/1.mp4","buttons":[{"label":"U1"}])",
          R"("imageUrl":"https://x/1.png","failReason":"late","buttons":[{"label":"U1"}])"})
        EXPECT_NE(digest(members), plain) << members;
}

}  // namespace
}  // namespace pollhook::provider
