#include "api_fixture.hpp"

#include <boost/json/array.hpp>

namespace pollhook::admin {
namespace {

class ReloadApiTest : public ApiTest {};

TEST_F(ReloadApiTest, ADaemonWithoutAFileRefusesToReload)
{
    const Reply reply = post("/v1/reload", "{}");
    EXPECT_EQ(reply.status, 503);
    EXPECT_NE(reply.text.find("configuration file"), std::string::npos) << reply.text;
    EXPECT_EQ(get("/v1/reload").status, 405);
    EXPECT_EQ(post("/v1/reload", R"({"wait":"yes"})").status, 400);
}

TEST_F(ReloadApiTest, AProviderIsPausedWithAReasonAndResumed)
{
    const Reply paused = post("/v1/providers/quick/pause", R"({"reason":"maintenance"})");
    EXPECT_EQ(paused.status, 200);
    EXPECT_EQ(paused.body.at("state"), "paused");
    EXPECT_EQ(paused.body.at("reason"), "maintenance");
    EXPECT_TRUE(paused.body.at("pausedAt").is_string());
    EXPECT_EQ(get("/v1/status").body.at("providers").at("quick"), "paused");
    EXPECT_TRUE(on_loop(store().meta(poll::Pauses::note_name("quick"))).has_value());
    post("/v1/providers/quick/pause", R"({"reason":"another"})");
    EXPECT_EQ(get("/v1/providers").body.at("providers").at(0).at("reason"), "maintenance");

    const Reply resumed = post("/v1/providers/quick/resume", "{}");
    EXPECT_EQ(resumed.body.at("state"), "ok");
    EXPECT_TRUE(resumed.body.at("reason").is_null());
    const auto stored = on_loop(store().meta(poll::Pauses::note_name("quick")));
    EXPECT_FALSE(poll::Pauses::parse(stored.value_or("")).is_paused());
}

TEST_F(ReloadApiTest, AnUnknownProviderIsSuggestedAndOtherPathsAreNot)
{
    const Reply unknown = post("/v1/providers/quik/pause", "{}");
    EXPECT_EQ(unknown.status, 404);
    EXPECT_NE(unknown.text.find("quick"), std::string::npos) << unknown.text;
    EXPECT_EQ(post("/v1/providers/quick/test", "{}").status, 404);
    EXPECT_EQ(get("/v1/providers/quick/pause").status, 405);
    EXPECT_EQ(post("/v1/providers/quick/pause", R"({"why":"x"})").status, 400);
}

TEST(ReloadResultTest, ShowsEveryChangeAndEveryError)
{
    ReloadResult done;
    done.changes.keys = {"daemon.log_level"};
    done.changes.sinks.added = {"log"};
    done.changes.providers.changed = {{.name = "relay", .keys = {"api_key"}}};
    const boost::json::object shown = encode(done);
    EXPECT_EQ(shown.at("success"), true);
    EXPECT_EQ(
        shown.at("message"), "changed daemon.log_level; changed provider relay: api_key; added sink log"
    );
    EXPECT_EQ(shown.at("changes").at("providers").at("changed").at("relay"), boost::json::array({"api_key"}));

    ReloadResult wrong;
    wrong.kind = ReloadResult::Kind::wrong;
    wrong.errors = {"pollhook.toml:3:1: one", "pollhook.toml:4:1: two"};
    const boost::json::object refused = encode(wrong);
    EXPECT_EQ(refused.at("success"), false);
    EXPECT_EQ(refused.at("errors").as_array().size(), 2U);
    EXPECT_EQ(refused.at("message"), "the new configuration is wrong (2 errors); the old one goes on");

    Reloading reloading;
    EXPECT_TRUE(reloading.last_succeeded());
    reloading.last = wrong;
    EXPECT_FALSE(reloading.last_succeeded());
}

}  // namespace
}  // namespace pollhook::admin
