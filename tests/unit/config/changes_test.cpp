#include "pollhook/config/changes.hpp"

#include "pollhook/config/show.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pollhook::config {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Provider provider(std::string name, std::string_view key)
{
    Provider out;
    out.name = std::move(name);
    out.api_key = Secret(key);
    return out;
}

Sink sink(std::string name)
{
    Sink out;
    out.name = std::move(name);
    return out;
}

TEST(ChangesTest, TheSameIsNoChangeInWhateverOrder)
{
    Config before;
    before.sinks = {sink("a"), sink("b")};
    Config after;
    after.sinks = {sink("b"), sink("a")};
    EXPECT_TRUE(changes_between(before, after).empty());
    EXPECT_EQ(changes_between(before, after).text(), "nothing changed");
}

TEST(ChangesTest, NamesWhatWasAddedChangedAndRemovedAndTellsNoSecret)
{
    Config before;
    before.providers = {provider("relay", "sk-canary-1"), provider("old", "k")};
    before.sinks = {sink("ops")};
    Config after = before;
    after.daemon.log_level = base::LogLevel::debug;
    after.providers = {provider("relay", "sk-canary-2"), provider("new", "k")};
    after.sinks[0].url = "https://x.example.com";
    after.sinks[0].previous_secrets = {Secret("whsec_canary")};
    after.sinks.push_back(sink("log"));
    const Changes changes = changes_between(before, after);
    EXPECT_EQ(
        changes.text(),
        "changed daemon.log_level; added provider new; changed provider relay: api_key; removed provider "
        "old; "
        "added sink log; changed sink ops: url, previous_secrets"
    );
    EXPECT_THAT(changes.providers.added, ElementsAre("new"));
    EXPECT_THAT(changes.providers.removed, ElementsAre("old"));
    EXPECT_THAT(restart_needed(before, after), IsEmpty());
}

TEST(ChangesTest, ATokenWithTheSameReferenceButOtherBytesIsAChange)
{
    Config before;
    before.admin.token = Secret("one", "{ file = \"/token\" }");
    Config after;
    after.admin.token = Secret("two", "{ file = \"/token\" }");
    EXPECT_THAT(changes_between(before, after).keys, ElementsAre("admin.token"));
}

}  // namespace
}  // namespace pollhook::config
