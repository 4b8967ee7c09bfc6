#include "pollhook/admin/registration.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace pollhook::admin {
namespace {

class RegistrationTest : public ::testing::Test {
protected:
    RegistrationTest()
    {
        rules_.is_provider = [](std::string_view name) { return name == "quick" || name == "gpt"; };
        rules_.provider_names = "quick, gpt";
        rules_.guard = &guard_;
    }

    RegistrationRequest read(std::string_view body, bool ndjson = false)
    {
        auto request = read_registration(body, ndjson, rules_);
        EXPECT_TRUE(request.has_value());
        return request ? std::move(*request) : RegistrationRequest{};
    }
    /// What is wrong with a single registration.
    std::string rejection(std::string_view body)
    {
        const RegistrationRequest request = read(body);
        EXPECT_TRUE(request.accepted.empty());
        return request.rejected.size() == 1 ? request.rejected[0].error : "(nothing)";
    }
    std::string rejection_of_url(const std::string& url)
    {
        return rejection(R"({"provider":"quick","id":"1","webhookUrl":")" + url + R"("})");
    }
    std::string whole_body_error(std::string_view body)
    {
        const auto request = read_registration(body, false, rules_);
        return request ? "(nothing)" : request.error();
    }

    http::AddressGuard guard_{{}, {}, false};
    RegistrationRules rules_;
};

TEST_F(RegistrationTest, ReadsOneTaskWithEverything)
{
    const auto request = read(
        R"({"provider":"quick","id":"17","webhookUrl":"https://Hooks.Example.com/x?k=1","metadata":{"orderId":"A-17"}})"
    );
    EXPECT_FALSE(request.is_list);
    ASSERT_EQ(request.accepted.size(), 1U);
    const store::Registration& task = request.accepted[0];
    EXPECT_EQ(task.key, (task::TaskKey{"quick", "17"}));
    EXPECT_EQ(task.webhook_url, "https://Hooks.Example.com/x?k=1");
    EXPECT_EQ(task.webhook_origin, "https://hooks.example.com");
    EXPECT_EQ(task.metadata, R"({"orderId":"A-17"})");
}

TEST_F(RegistrationTest, RefusesAMemberThatIsThereTwice)
{
    const std::string good = R"({"provider":"quick","id":"1"})";
    const std::string twice = R"({"provider":"quick","id":"1","id":"2"})";
    EXPECT_EQ(whole_body_error(twice), R"(the member "id" is there twice)");
    EXPECT_EQ(
        whole_body_error(R"({"tasks":[)" + good + "," + twice + "]}"), R"(the member "id" is there twice)"
    );
    EXPECT_EQ(
        whole_body_error(R"({"provider":"quick","id":"1","metadata":{"a":1,"a":2}})"),
        R"(the member "a" is there twice)"
    );
    const auto lines = read(good + "\n" + twice + "\n", true);
    EXPECT_EQ(lines.accepted.size(), 1U);
    ASSERT_EQ(lines.rejected.size(), 1U);
    EXPECT_EQ(lines.rejected[0].index, 1U);
    EXPECT_EQ(lines.rejected[0].error, R"(the member "id" is there twice)");
}

TEST_F(RegistrationTest, TakesNullForWhatIsNotGiven)
{
    const auto request = read(R"({"provider":"quick","id":"17","webhookUrl":null,"metadata":null})");
    ASSERT_EQ(request.accepted.size(), 1U);
    EXPECT_EQ(request.accepted[0].webhook_url, "");
    EXPECT_EQ(request.accepted[0].metadata, "{}");
}

TEST_F(RegistrationTest, TakesWholeNumbersAsIds)
{
    EXPECT_EQ(
        read(R"({"provider":"quick","id":1743326750223591})").accepted.at(0).key.id, "1743326750223591"
    );
    EXPECT_EQ(
        read(R"({"provider":"quick","id":18446744073709551615})").accepted.at(0).key.id,
        "18446744073709551615"
    );
}

TEST_F(RegistrationTest, RefusesIdsThatAreNone)
{
    for (const char* id :
         {"\"\"",
          "\"a b\"",
          "\"a/b\"",
          "\"a\\u0000\"",
          "\"a\\\\b\"",
          "\"é\"",
          "null",
          "true",
          "1.5",
          "[1]",
          "18446744073709551616"})
        EXPECT_NE(
            rejection(std::string(R"({"provider":"quick","id":)") + id + "}")
                .find("\"id\" must be a string of"),
            std::string::npos
        ) << id;
    EXPECT_NE(
        rejection(R"({"provider":"quick","id":")" + std::string(129, '1') + "\"}").find("1 to 128"),
        std::string::npos
    );
    EXPECT_EQ(rejection(R"({"provider":"quick"})"), "\"id\" is missing");
}

TEST_F(RegistrationTest, NamesTheProvidersThatThereAre)
{
    EXPECT_EQ(rejection(R"({"id":"1"})"), "\"provider\" is missing; it is one of: quick, gpt");
    EXPECT_EQ(rejection(R"({"provider":5,"id":"1"})"), "\"provider\" is missing; it is one of: quick, gpt");
    EXPECT_EQ(
        rejection(R"({"provider":"qu\nick","id":"1"})"),
        R"(no provider is called "qu\nick"; it is one of: quick, gpt)"
    );
}

TEST_F(RegistrationTest, SuggestsTheMemberThatWasMeant)
{
    EXPECT_EQ(
        rejection(R"({"provider":"quick","id":"1","webhookURL":"https://a.example"})"),
        R"(unknown member "webhookURL", did you mean "webhookUrl"?)"
    );
    EXPECT_EQ(rejection(R"({"provider":"quick","id":"1","colour":"red"})"), R"(unknown member "colour")");
}

TEST_F(RegistrationTest, GuardsWebhookUrls)
{
    EXPECT_EQ(
        rejection(R"({"provider":"quick","id":"1","webhookUrl":7})"), "\"webhookUrl\" must be a string"
    );
    EXPECT_NE(
        rejection_of_url("http://hooks.example.com/").find("must begin with https://"), std::string::npos
    );
    EXPECT_NE(rejection_of_url("https://127.0.0.1/").find("may not be reached"), std::string::npos);
    EXPECT_NE(rejection_of_url("https://[::ffff:10.0.0.1]/").find("may not be reached"), std::string::npos);
    EXPECT_NE(rejection_of_url("https://hooks.example.com:22/").find("port"), std::string::npos);
    EXPECT_NE(rejection_of_url("https://u:p@hooks.example.com/").find("password"), std::string::npos);
    EXPECT_NE(rejection_of_url("ftp://hooks.example.com/").find("\"webhookUrl\": "), std::string::npos);
    EXPECT_NE(rejection_of_url("hooks.example.com").find("\"webhookUrl\": "), std::string::npos);
}

TEST_F(RegistrationTest, BoundsMetadata)
{
    const auto with = [](const std::string& metadata) {
        return R"({"provider":"quick","id":"1","metadata":)" + metadata + "}";
    };
    const auto of_size = [](std::size_t size) { return R"({"a":")" + std::string(size - 8, 'x') + "\"}"; };
    EXPECT_EQ(read(with(of_size(16 * 1024))).accepted.size(), 1U);
    EXPECT_EQ(rejection(with(of_size(16 * 1024 + 1))), "\"metadata\" is longer than 16 KiB");
    EXPECT_EQ(rejection(with("[1]")), "\"metadata\" must be an object");
    EXPECT_EQ(rejection(with("\"x\"")), "\"metadata\" must be an object");
}

TEST_F(RegistrationTest, RefusesNumbersThatJsonCannotSayBack)
{
    EXPECT_EQ(
        rejection(R"({"provider":"quick","id":"1","metadata":{"a":[{"b":1e400}]}})"),
        "\"metadata\" holds a number beyond 64 bits, which would lose digits: give it as a string"
    );
}

TEST_F(RegistrationTest, RejectsAListsBadEntriesAlone)
{
    const auto request = read(
        R"({"tasks":[{"provider":"quick","id":"1"},7,{"provider":"no","id":"2"},{"provider":"gpt","id":"3"}]})"
    );
    EXPECT_TRUE(request.is_list);
    ASSERT_EQ(request.accepted.size(), 2U);
    EXPECT_EQ(request.indexes, (std::vector<std::size_t>{0, 3}));
    ASSERT_EQ(request.rejected.size(), 2U);
    EXPECT_EQ(request.rejected[0].index, 1U);
    EXPECT_NE(request.rejected[0].error.find("must be an object"), std::string::npos);
    EXPECT_EQ(request.rejected[1].index, 2U);
}

TEST_F(RegistrationTest, ReadsAnEmptyList)
{
    const auto request = read(R"({"tasks":[]})");
    EXPECT_TRUE(request.is_list);
    EXPECT_TRUE(request.accepted.empty());
    EXPECT_TRUE(request.rejected.empty());
}

TEST_F(RegistrationTest, RefusesBodiesThatCannotBeRead)
{
    EXPECT_NE(whole_body_error("").find("the body is not JSON"), std::string::npos);
    EXPECT_NE(whole_body_error("{").find("the body is not JSON"), std::string::npos);
    EXPECT_NE(whole_body_error(std::string(100'000, '[')).find("the body is not JSON"), std::string::npos);
    EXPECT_NE(whole_body_error("{\"provider\":\"\xff\"}").find("the body is not JSON"), std::string::npos);
    EXPECT_EQ(whole_body_error(R"({"tasks":{}})"), "\"tasks\" must be an array");
    EXPECT_EQ(
        whole_body_error(R"({"tasks":[],"task":1})"), R"(unknown member "task", did you mean "tasks"?)"
    );
    EXPECT_NE(rejection("[]").find("must be an object"), std::string::npos);
}

TEST_F(RegistrationTest, ReadsOneObjectALine)
{
    const auto request = read(
        "{\"provider\":\"quick\",\"id\":\"1\"}\r\n"
        "\n"
        "not json\n"
        "  {\"provider\":\"gpt\",\"id\":2}",
        true
    );
    EXPECT_TRUE(request.is_list);
    ASSERT_EQ(request.accepted.size(), 2U);
    EXPECT_EQ(request.indexes, (std::vector<std::size_t>{0, 3}));
    ASSERT_EQ(request.rejected.size(), 1U);
    EXPECT_EQ(request.rejected[0].index, 2U);
    EXPECT_EQ(request.rejected[0].error.rfind("not JSON: ", 0), 0U);
}

class RegistrationLinesTest : public RegistrationTest {
protected:
    RegistrationLines lines_{rules_};
};

TEST_F(RegistrationLinesTest, ReadsLinesWhereverTheirBytesAreCut)
{
    const std::string body = R"({"provider":"quick","id":"1"})"
                             "\r\n\n"
                             R"({"provider":"nobody","id":"2"})"
                             "\n"
                             R"({"provider":"gpt","id":"3"})";
    for (std::size_t cut = 0; cut <= body.size(); ++cut) {
        RegistrationLines lines(rules_);
        lines.feed(std::string_view(body).substr(0, cut));
        lines.feed(std::string_view(body).substr(cut));
        lines.finish();
        const RegistrationRequest read = lines.take();
        ASSERT_EQ(read.accepted.size(), 2U) << cut;
        EXPECT_EQ(read.indexes, (std::vector<std::size_t>{0, 3})) << cut;
        ASSERT_EQ(read.rejected.size(), 1U) << cut;
        EXPECT_EQ(read.rejected[0].index, 2U) << cut;
    }
}

TEST_F(RegistrationLinesTest, GivesWhatIsWholeAndKeepsTheRest)
{
    lines_.feed(R"({"provider":"quick","id":"1"})"
                "\n"
                R"({"provider":"qui)");
    EXPECT_EQ(lines_.ready(), 1U);
    EXPECT_EQ(lines_.take().accepted.size(), 1U);
    EXPECT_EQ(lines_.ready(), 0U);
    lines_.feed(R"(ck","id":"2"})");
    EXPECT_EQ(lines_.ready(), 0U);
    lines_.finish();
    EXPECT_EQ(lines_.take().indexes, (std::vector<std::size_t>{1}));
}

TEST_F(RegistrationLinesTest, RefusesALineThatIsTooLongAndReadsOn)
{
    for (int i = 0; i < 3; ++i)
        lines_.feed(std::string(512UL * 1024, 'x'));
    lines_.feed(
        "\n"
        R"({"provider":"quick","id":"1"})"
        "\n"
    );
    lines_.finish();
    const RegistrationRequest read = lines_.take();
    ASSERT_EQ(read.rejected.size(), 1U);
    EXPECT_EQ(read.rejected[0].error, "the line is longer than 1 MiB");
    EXPECT_EQ(read.indexes, (std::vector<std::size_t>{1}));
}

TEST_F(RegistrationTest, TakesFilesThatWereMadeOnWindows)
{
    EXPECT_EQ(read("\xEF\xBB\xBF{\"provider\":\"quick\",\"id\":\"1\"}\r\n").accepted.size(), 1U);
    const auto lines = read(
        "\xEF\xBB\xBF{\"provider\":\"quick\",\"id\":\"1\"}\r\n{\"provider\":\"quick\",\"id\":\"2\"}\r\n", true
    );
    EXPECT_EQ(lines.accepted.size(), 2U);
    EXPECT_TRUE(lines.rejected.empty());
    EXPECT_EQ(read("{}\n\xEF\xBB\xBF{}\n", true).rejected.size(), 2U) << "only at the beginning";
}

TEST_F(RegistrationTest, AListInOneDocumentHasABound)
{
    std::string body = R"({"tasks":[)";
    for (int i = 0; i < 10'001; ++i)
        body += "0,";
    body.back() = ']';
    const auto request = read_registration(body + '}', false, rules_);
    ASSERT_FALSE(request.has_value());
    EXPECT_NE(request.error().find("NDJSON"), std::string::npos) << request.error();
}

}  // namespace
}  // namespace pollhook::admin
