#include "pollhook/admin/routes.hpp"

#include "unit/admin/api_fixture.hpp"

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pollhook::admin {
namespace {

std::string_view pattern_of(std::string_view path)
{
    const Route* const route = find_route(path);
    return route == nullptr ? std::string_view() : route->path;
}

TEST(RoutesTest, FindsFixedPathsBeforePatterns)
{
    EXPECT_EQ(pattern_of("/"), "/");
    EXPECT_EQ(pattern_of("/v1/deliveries/retry"), "/v1/deliveries/retry");
    EXPECT_EQ(pattern_of("/v1/deliveries/1-0-1"), "/v1/deliveries/{id}");
    EXPECT_EQ(pattern_of("/v1/deliveries/1-0-1/retry"), "/v1/deliveries/{id}/retry");
    EXPECT_EQ(pattern_of("/v1/tasks/quick/17"), "/v1/tasks/{provider}/{id}");
}

TEST(RoutesTest, KnowsNothingElse)
{
    for (const char* path :
         {"",
          "//",
          "/v1",
          "/v1/",
          "/v1/tasks/",
          "/v1/tasks/quick",
          "/v1/tasks//17",
          "/v1/tasksx",
          "/v1/tasks/a/b/c",
          "/v1/sinks/ops",
          "/openapi.json/"})
        EXPECT_EQ(find_route(path), nullptr) << path;
}

TEST(RoutesTest, AllowsWholeMethodsOnly)
{
    const Route route{"/x", "GET, DELETE"};
    EXPECT_TRUE(allows(route, "GET"));
    EXPECT_TRUE(allows(route, "DELETE"));
    for (const char* method : {"", "POST", "DEL", "GET, DELETE", "get"})
        EXPECT_FALSE(allows(route, method)) << method;
}

class DocumentTest : public ApiTest {};

TEST_F(DocumentTest, DescribesJustTheRoutes)
{
    std::set<std::string> described;
    const Reply document = get("/openapi.json");
    ASSERT_EQ(document.status, 200);
    for (const auto& path : document.body.at("paths").as_object())
        for (const auto& operation : path.value().as_object())
            described.insert(std::string(path.key()) + " " + std::string(operation.key()));
    std::set<std::string> routed;
    for (const Route& route : routes())
        for (const auto& [method, name] : {std::pair("GET", "get"), {"POST", "post"}, {"DELETE", "delete"}})
            if (allows(route, method))
                routed.insert(std::string(route.path) + " " + name);
    EXPECT_EQ(described, routed);
}

TEST_F(DocumentTest, DescribesJustTheParameters)
{
    const Reply document = get("/openapi.json");
    const auto& shared = document.body.at("components").at("parameters");
    for (const Route& route : routes())
        for (const auto& operation : document.body.at("paths").at(route.path).as_object()) {
            std::vector<std::string> described;
            if (const auto* parameters = operation.value().as_object().if_contains("parameters"))
                for (const auto& one : parameters->as_array()) {
                    const auto* reference = one.as_object().if_contains("$ref");
                    const std::string target =
                        reference == nullptr ? "" : boost::json::value_to<std::string>(*reference);
                    const auto& parameter =
                        reference == nullptr ? one : shared.at(target.substr(target.rfind('/') + 1));
                    if (parameter.at("in") == "query")
                        described.push_back(boost::json::value_to<std::string>(parameter.at("name")));
                }
            const std::string method = operation.key() == "get" ? "GET" : "other";
            EXPECT_THAT(described, testing::UnorderedElementsAreArray(parameters_of(route, method)))
                << route.path << ' ' << operation.key();
        }
}

TEST_F(DocumentTest, TellsTheMethodsOfEachPath)
{
    for (const Route& route : routes()) {
        std::string path(route.path);
        for (auto open = path.find('{'); open != std::string::npos; open = path.find('{'))
            path.replace(open, path.find('}') - open + 1, "1");
        const Reply reply = ask("PUT", path);
        EXPECT_EQ(reply.status, 405) << path;
        EXPECT_EQ(reply.fields.at("Allow"), route.methods) << path;
    }
}

TEST_F(DocumentTest, ServesThePageWithAPolicyThatAllowsOnlyItsOwnScriptAndStyle)
{
    const Reply page = get("/");
    EXPECT_EQ(page.status, 200);
    EXPECT_EQ(page.fields.at("Content-Type"), "text/html; charset=utf-8");
    const std::string& policy = page.fields.at("Content-Security-Policy");
    EXPECT_NE(policy.find("default-src 'none'; script-src 'sha256-"), std::string::npos) << policy;
    EXPECT_NE(policy.find("frame-ancestors 'none'"), std::string::npos) << policy;
    EXPECT_EQ(policy.find("unsafe"), std::string::npos);
    for (const char* risky :
         {"innerHTML",
          "outerHTML",
          "insertAdjacentHTML",
          "document.write",
          "eval(",
          "localStorage",
          "sessionStorage",
          "http://",
          "https://",
          "style=",
          "onclick"})
        EXPECT_EQ(page.text.find(risky), std::string::npos) << risky;
}

}  // namespace
}  // namespace pollhook::admin
