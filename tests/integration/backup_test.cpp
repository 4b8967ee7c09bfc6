#include "integration/world.hpp"

#include <boost/json/parse.hpp>
#include <fmt/format.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdlib>
#include <fstream>

// `db backup` beside a running daemon, and what becomes of the copy.

namespace pollhook::test {
namespace {

namespace json = boost::json;
using simulator::parse_life;

class BackupTest : public World {
protected:
    void begin()
    {
        relay_ = &add_relay();
        receiver_ = &add_receiver();
        write_config(provider("relay", relay_->base_url()));
        start();
    }
    CommandResult back_up(const std::filesystem::path& file, std::vector<std::string> more = {})
    {
        std::vector<std::string> words{
            "db", "backup", file.string(), "-c", (folder_ / "pollhook.toml").string()
        };
        words.insert(words.end(), more.begin(), more.end());
        return run_pollhook(words);
    }

    [[nodiscard]] std::string config_that_says_another_address() const
    {
        const std::filesystem::path file = folder_ / "elsewhere.toml";
        std::ofstream(file) << fmt::format(
            "[daemon]\nstate_dir = \"{}\"\n[admin]\nlisten = [\"127.0.0.1:1\"]\n",
            (folder_ / "state").string()
        );
        return file.string();
    }

    simulator::Relay* relay_ = nullptr;
    simulator::Receiver* receiver_ = nullptr;
};

TEST_F(BackupTest, ACopyMadeUnderLoadGoesOnWhereItWasMade)
{
    begin();
    constexpr int tasks = 60;
    for (int i = 0; i < tasks; ++i) {
        relay_->add_task(
            std::to_string(i),
            *parse_life("0s IN_PROGRESS 5%, 500ms IN_PROGRESS 40%, 1500ms IN_PROGRESS 80%, 3s SUCCESS")
        );
        watch("relay", std::to_string(i), receiver_);
    }
    ASSERT_TRUE(becomes_true([&] { return receipts_of("0") > 0; }));
    const auto copy = folder_ / "copy.db";
    RunningCommand backing(
        {"db", "backup", copy.string(), "-o", "json", "-c", (folder_ / "pollhook.toml").string()}, folder_
    );
    ASSERT_TRUE(becomes_true([&] { return backing.exit_code().has_value(); }));
    ASSERT_EQ(backing.exit_code(), 0) << backing.error();
    EXPECT_GT(json::parse(backing.out()).at("bytes").to_number<int>(), 4096);
    const CommandResult checked = run_pollhook({"db", "check", copy.string()});
    EXPECT_EQ(checked.exit_code, 0) << checked.out << checked.error;
    struct stat status{};
    ASSERT_EQ(::stat(copy.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U);

    ASSERT_TRUE(becomes_true([&] { return is_over("0"); }));
    daemon().kill();
    std::filesystem::remove_all(folder_ / "state");
    std::filesystem::create_directory(folder_ / "state");
    std::filesystem::copy_file(copy, folder_ / "state" / "pollhook.db");
    start();
    ASSERT_TRUE(becomes_true([&] {
        const json::value counts = json::parse(get("/v1/status").body).at("tasks").at("relay");
        const auto* done = counts.as_object().if_contains("succeeded");
        return done != nullptr && done->to_number<int>() == tasks;
    }));
    ASSERT_TRUE(becomes_true([&] {
        return json::parse(get("/v1/deliveries?state=pending").body).at("deliveries").as_array().empty() &&
               json::parse(get("/v1/deliveries?state=inFlight").body).at("deliveries").as_array().empty();
    }));
    daemon().signal(SIGTERM);
    ASSERT_TRUE(becomes_true([&] { return daemon().exit_code().has_value(); }));
    const CommandResult after = run_pollhook({"db", "check", (folder_ / "state" / "pollhook.db").string()});
    EXPECT_EQ(after.exit_code, 0) << after.out << after.error;
}

TEST_F(BackupTest, AFileThatExistsIsReplacedOnlyByForce)
{
    begin();
    const auto copy = folder_ / "copy.db";
    EXPECT_EQ(back_up(copy).exit_code, 0);
    const CommandResult again = back_up(copy);
    EXPECT_EQ(again.exit_code, 1);
    EXPECT_NE(again.error.find("--force"), std::string::npos) << again.error;
    EXPECT_EQ(back_up(copy, {"--force"}).exit_code, 0);
    EXPECT_EQ(run_pollhook({"db", "check", copy.string()}).exit_code, 0);
    EXPECT_EQ(back_up(folder_ / "none" / "copy.db").exit_code, 1);
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder_))
        files += entry.path().filename().string().starts_with("copy.db") ? 1U : 0U;
    EXPECT_EQ(files, 1U) << "nothing half done stays behind";
}

TEST_F(BackupTest, NotEvenForceReplacesTheDatabaseItself)
{
    write_config("");
    start();
    const std::filesystem::path file = folder_ / "state" / "pollhook.db";
    const std::filesystem::path log = file.string() + "-wal";
    const std::filesystem::path link = folder_ / "link.db";
    std::filesystem::create_symlink(file, link);
    for (const std::filesystem::path& target : {file, link, log}) {
        const CommandResult refused = back_up(target, {"--force"});
        EXPECT_EQ(refused.exit_code, 1) << target;
        EXPECT_NE(refused.error.find("belongs to the database"), std::string::npos) << refused.error;
    }
    EXPECT_EQ(get("/readyz").status, 200);
    EXPECT_EQ(run_pollhook({"db", "check", file.string()}).exit_code, 0);
}

TEST_F(BackupTest, PruneDeletesWhatIsOldThroughTheDaemon)
{
    begin();
    relay_->add_task("1", *parse_life("0s SUCCESS"));
    watch("relay", "1", receiver_);
    ASSERT_TRUE(becomes_true([&] {
        return is_over("1") && get("/v1/deliveries?state=delivered").body.find("relay") != std::string::npos;
    }));
    const std::string admin = "http://127.0.0.1:" + std::to_string(daemon().admin_port().value());
    const CommandResult kept = run_pollhook({"db", "prune", "--admin", admin});
    EXPECT_EQ(kept.exit_code, 0) << kept.error;
    EXPECT_TRUE(kept.out.starts_with("0 tasks")) << kept.out;
    const CommandResult counted =
        run_pollhook({"db", "prune", "--older-than", "0s", "--dry-run", "-o", "json", "--admin", admin});
    EXPECT_EQ(json::parse(counted.out).at("tasks"), 1) << counted.out << counted.error;
    const CommandResult pruned = run_pollhook({"db", "prune", "--older-than", "0s", "--admin", admin});
    EXPECT_TRUE(pruned.out.starts_with("1 tasks")) << pruned.out;
    EXPECT_EQ(get("/v1/tasks/relay/1").status, 404);
}

TEST_F(BackupTest, PruneNeedsNoDaemonAndMindsOneThatRuns)
{
    begin();
    relay_->add_task("1", *parse_life("0s SUCCESS"));
    watch("relay", "1", receiver_);
    ASSERT_TRUE(becomes_true([&] {
        return is_over("1") && get("/v1/deliveries?state=delivered").body.find("relay") != std::string::npos;
    }));
    // It listens somewhere else than its configuration says, so the command does not find it.
    const std::string elsewhere = config_that_says_another_address();
    const CommandResult running = run_pollhook({"db", "prune", "--older-than", "0s", "-c", elsewhere});
    EXPECT_EQ(running.exit_code, 69) << running.out << running.error;
    EXPECT_EQ(get("/v1/tasks/relay/1").status, 200);

    daemon().signal(SIGTERM);
    ASSERT_TRUE(becomes_true([&] { return daemon().exit_code().has_value(); }));
    const CommandResult counted =
        run_pollhook({"db", "prune", "--older-than", "0s", "--dry-run", "-o", "json", "-c", elsewhere});
    EXPECT_EQ(json::parse(counted.out).at("tasks"), 1) << counted.out << counted.error;
    const char* const unreachable = "http://127.0.0.1:1";
    EXPECT_EQ(run_pollhook({"db", "prune", "--admin", unreachable, "-c", elsewhere}).exit_code, 69)
        << "which database that daemon has, nobody knows";
    ::setenv("POLLHOOK_ADMIN", unreachable, 1);
    ::setenv("POLLHOOK_CONFIG", (folder_ / "none.toml").c_str(), 1);
    EXPECT_EQ(run_pollhook({"db", "prune"}).exit_code, 69) << "there is no database here";
    const CommandResult pruned = run_pollhook({"db", "prune", "--older-than", "0s", "-c", elsewhere});
    ::unsetenv("POLLHOOK_ADMIN");
    ::unsetenv("POLLHOOK_CONFIG");
    EXPECT_EQ(pruned.exit_code, 0) << pruned.error;
    EXPECT_TRUE(pruned.out.starts_with("1 tasks")) << pruned.out;
    start();
    EXPECT_EQ(get("/v1/tasks/relay/1").status, 404);
}

}  // namespace
}  // namespace pollhook::test
