#include "pollhook/admin/access.hpp"

#include <boost/asio/ip/address.hpp>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace pollhook::admin {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

boost::asio::ip::tcp::endpoint endpoint(const std::string& address)
{
    return {boost::asio::ip::make_address(address), 8780};
}

http::ServerRequest request(std::string method, Fields fields)
{
    http::ServerRequest request;
    request.method = std::move(method);
    request.target = request.path = "/v1/tasks";
    request.fields = std::move(fields);
    request.peer = "127.0.0.1:50000";
    return request;
}

class AccessTest : public ::testing::Test {
protected:
    void listen(const std::vector<std::string>& addresses)
    {
        endpoints_.clear();
        for (const std::string& address : addresses)
            endpoints_.push_back(endpoint(address));
    }
    void set_token(std::string_view token) { settings_.token = config::Secret(token); }

    /// The status of the refusal, 0 when the request is let in.
    [[nodiscard]] int judge(const http::ServerRequest& asked) const
    {
        const auto refused = Access(settings_, endpoints_).refusal(asked);
        return refused ? refused->status : 0;
    }
    [[nodiscard]] int judge_host(const std::string& host) const
    {
        return judge(request("GET", {{"host", host}}));
    }
    [[nodiscard]] int judge_read(Fields fields) const
    {
        fields.emplace_back("host", "localhost:8780");
        return judge(request("GET", std::move(fields)));
    }
    [[nodiscard]] int judge_write(Fields fields) const
    {
        fields.emplace_back("host", "localhost:8780");
        fields.emplace_back("content-type", "application/json");
        return judge(request("POST", std::move(fields)));
    }

    config::Admin settings_;
    std::vector<boost::asio::ip::tcp::endpoint> endpoints_{endpoint("127.0.0.1"), endpoint("::1")};
};

TEST_F(AccessTest, AnswersToItsOwnAddressesAndLocalhost)
{
    EXPECT_EQ(judge_host("127.0.0.1:8780"), 0);
    EXPECT_EQ(judge_host("127.0.0.1"), 0);
    EXPECT_EQ(judge_host("[::1]:8780"), 0);
    EXPECT_EQ(judge_host("[0:0:0:0:0:0:0:1]:8780"), 0);
    EXPECT_EQ(judge_host("LocalHost:8780"), 0);
}

TEST_F(AccessTest, MisdirectsNamesThatItWasNotGiven)
{
    for (const char* host :
         {"evil.example", "127.0.0.1.evil.example:8780", "10.0.0.1", "localhost.", "", "[::2]"})
        EXPECT_EQ(judge_host(host), 421) << host;
}

TEST_F(AccessTest, AnswersToConfiguredNamesWhateverTheirCase)
{
    settings_.hosts = {"pollhook.internal"};
    EXPECT_EQ(judge_host("PollHook.internal:443"), 0);
    EXPECT_EQ(judge_host("other.internal"), 421);
}

TEST_F(AccessTest, OnAllAddressesAnswersToAnyAddressButNotToAnyName)
{
    listen({"0.0.0.0"});
    EXPECT_EQ(judge_host("192.168.1.7:8780"), 0);
    EXPECT_EQ(judge_host("[2001:db8::7]"), 0);
    EXPECT_EQ(judge_host("evil.example"), 421);
    EXPECT_EQ(judge_host("localhost"), 0) << "loopback is one of all addresses";
}

TEST_F(AccessTest, NeedsNoHostOnTheUnixSocket)
{
    auto asked = request("GET", {{"host", "pollhook"}});
    asked.peer = "unix";
    EXPECT_EQ(judge(asked), 0);
}

TEST_F(AccessTest, RefusesForeignOrigins)
{
    EXPECT_EQ(judge_read({{"origin", "https://evil.example"}}), 403);
    EXPECT_EQ(judge_read({{"origin", "null"}}), 403);
    EXPECT_EQ(judge_read({{"origin", "http://localhost:8780"}}), 0);
    EXPECT_EQ(judge_write({{"origin", "http://localhost:8780"}}), 0);
}

TEST_F(AccessTest, RefusesOtherPortsOfThisMachineAsOrigins)
{
    EXPECT_EQ(judge_write({{"origin", "http://localhost:3000"}}), 403);
    EXPECT_EQ(judge_write({{"origin", "http://127.0.0.1:8780"}}), 403);
}

TEST_F(AccessTest, RefusesWhatBrowsersSendForOtherSites)
{
    EXPECT_EQ(judge_read({{"sec-fetch-site", "cross-site"}}), 403);
    EXPECT_EQ(judge_read({{"sec-fetch-site", "same-site"}}), 403);
    EXPECT_EQ(judge_read({{"sec-fetch-site", "same-origin"}}), 0);
    EXPECT_EQ(judge_read({{"sec-fetch-site", "none"}}), 0);
}

TEST_F(AccessTest, WritesNeedTheTokenAndReadsDoNot)
{
    set_token("correct horse");
    EXPECT_EQ(judge_read({}), 0);
    EXPECT_EQ(judge_write({}), 401);
    EXPECT_EQ(judge_write({{"authorization", "Bearer correct horse"}}), 0);
    EXPECT_EQ(judge_write({{"authorization", "bearer correct horse"}}), 0);
}

TEST_F(AccessTest, RefusesWrongTokens)
{
    set_token("correct horse");
    for (const char* given :
         {"Bearer wrong",
          "Bearer correct hors",
          "Bearer correct horse1",
          "Bearer ",
          "Bearer",
          "correct horse",
          "Basic correct horse",
          ""})
        EXPECT_EQ(judge_write({{"authorization", given}}), 401) << given;
}

TEST_F(AccessTest, TellsHowToAuthenticate)
{
    set_token("t");
    const auto refused = Access(settings_, endpoints_)
                             .refusal(request("DELETE", {{"host", "localhost"}}))
                             .value_or(http::ServerResponse{});
    EXPECT_EQ(refused.status, 401);
    ASSERT_EQ(refused.fields.size(), 1U);
    EXPECT_EQ(refused.fields[0].first, "WWW-Authenticate");
    EXPECT_EQ(refused.body.find("\"t\""), std::string::npos);
}

TEST_F(AccessTest, TakesOnlyJsonBodies)
{
    const auto judge_type = [](const std::string& type) {
        const auto refused = Access::body_refusal(request("POST", {{"content-type", type}}));
        return refused ? refused->status : 0;
    };
    EXPECT_EQ(judge_type("application/json; charset=utf-8"), 0);
    EXPECT_EQ(judge_type("APPLICATION/JSON"), 0);
    EXPECT_EQ(judge_type("application/x-ndjson"), 0);
    for (const char* type :
         {"",
          "text/plain",
          "application/x-www-form-urlencoded",
          "multipart/form-data",
          "application/jsonx",
          "text/plain; application/json"})
        EXPECT_EQ(judge_type(type), 415) << type;
    EXPECT_FALSE(Access::body_refusal(request("DELETE", {})));
}

}  // namespace
}  // namespace pollhook::admin
