#include "pollhook/config/schema.hpp"

#include "pollhook/config/descriptor.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pollhook::config {
namespace {

namespace json = boost::json;

const json::object& properties_of(const json::value& schema)
{
    const json::object& object = schema.as_object();
    const json::object& table = object.contains("items") ? object.at("items").as_object() : object;
    return table.at("properties").as_object();
}

TEST(SchemaTest, HasEveryKeyWithItsDescription)
{
    const json::object whole = schema();
    for (const Descriptor& row : descriptors()) {
        const json::value* place = whole.at("properties").as_object().if_contains(row.table);
        ASSERT_NE(place, nullptr) << row.table;
        std::string rest = row.key;
        for (auto dot = rest.find('.'); place != nullptr && dot != std::string::npos; dot = rest.find('.')) {
            place = properties_of(*place).if_contains(rest.substr(0, dot));
            rest = rest.substr(dot + 1);
        }
        ASSERT_NE(place, nullptr) << row.path();
        const json::value* const key = properties_of(*place).if_contains(rest);
        ASSERT_NE(key, nullptr) << row.path();
        EXPECT_TRUE(key->as_object().at("description").as_string().starts_with(row.text)) << row.path();
    }
}

TEST(SchemaTest, TellsTypesChoicesRangesAndDefaults)
{
    const json::object whole = schema();
    const json::value& tables = whole.at("properties");
    EXPECT_EQ(tables.at("provider").at("type"), "array");
    const json::value& provider = tables.at("provider").at("items");
    EXPECT_EQ(provider.at("properties").at("batch_size").at("type"), "integer");
    EXPECT_EQ(provider.at("properties").at("batch_size").at("default"), 50);
    EXPECT_GE(provider.at("properties").at("batch_size").at("minimum").as_double(), 1);
    EXPECT_EQ(provider.at("additionalProperties"), false);
    const json::array& required = provider.at("required").as_array();
    EXPECT_NE(std::ranges::find(required, json::value("name")), required.end());
    EXPECT_EQ(
        tables.at("store").at("properties").at("synchronous").at("enum"), (json::array{"full", "normal"})
    );
    EXPECT_EQ(tables.at("admin").at("properties").at("token").at("anyOf").as_array().size(), 2U);
}

}  // namespace
}  // namespace pollhook::config
