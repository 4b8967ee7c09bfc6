#include "unit/admin/api_fixture.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pollhook::admin {
namespace {

class PruneApiTest : public ApiTest {
protected:
    void end_task(const std::string& id)
    {
        add_task(id);
        record(id, task::Status::succeeded, 100);
        settle_newest(store::DeliveryState::delivered, 200);
    }
};

TEST_F(PruneApiTest, DeletesWhatIsOlderThanAsked)
{
    end_task("1");
    add_task("2");
    const Reply counted = post("/v1/prune", R"({"olderThan":"0s","dryRun":true})");
    ASSERT_EQ(counted.status, 200) << counted.text;
    // A task that ended in this very millisecond is not older than that.
    ASSERT_TRUE(becomes("/v1/status", [this](const auto&) {
        return post("/v1/prune", R"({"olderThan":"0s","dryRun":true})").body.at("tasks") == 1;
    }));
    EXPECT_EQ(get("/v1/tasks/quick/1").status, 200) << "a dry run deletes nothing";
    const Reply pruned = post("/v1/prune", R"({"olderThan":"0s"})");
    EXPECT_EQ(pruned.body.at("tasks"), 1);
    EXPECT_EQ(pruned.body.at("done"), true);
    EXPECT_EQ(get("/v1/tasks/quick/1").status, 404);
    EXPECT_EQ(get("/v1/tasks/quick/2").status, 200);
}

TEST_F(PruneApiTest, KeepsWhatTheConfiguredRetentionKeeps)
{
    end_task("1");
    const Reply pruned = post("/v1/prune", "");
    EXPECT_EQ(pruned.status, 200) << pruned.text;
    EXPECT_EQ(pruned.body.at("tasks"), 0);
    EXPECT_EQ(get("/v1/tasks/quick/1").status, 200);
}

TEST_F(PruneApiTest, KeepsWhatStillHasToBeDelivered)
{
    add_task("1");
    record("1", task::Status::succeeded, 100);
    EXPECT_EQ(post("/v1/prune", R"({"olderThan":"0s"})").body.at("tasks"), 0);
}

TEST_F(PruneApiTest, RefusesWhatItCannotRead)
{
    for (const char* body :
         {"[]", R"({"olderThan":"soon"})", R"({"olderThan":30})", R"({"dryRun":1})", R"({"old":1})"})
        EXPECT_EQ(post("/v1/prune", body).status, 400) << body;
}

}  // namespace
}  // namespace pollhook::admin
