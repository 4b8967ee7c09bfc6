#include "integration/notify_socket.hpp"
#include "integration/world.hpp"
#include "support/resident_memory.hpp"
#include "support/test_certificate.hpp"

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace pollhook::test {
namespace {

namespace json = boost::json;
using simulator::parse_life;

constexpr std::string_view long_life = "0s SUBMITTED 0%, 200ms IN_PROGRESS 10%, 600s SUCCESS 100%";

/// A daemon whose configuration file is written anew while it runs.
class ReloadTest : public World {
protected:
    ReloadTest() : relay_(add_relay()), receiver_(add_receiver()) {}

    [[nodiscard]] std::string sink(std::string_view more = "", std::string_view name = "ops") const
    {
        return fmt::format(
            "\n[[sink]]\nname = \"{}\"\ntype = \"webhook\"\nurl = \"{}/{}\"\nsecret = \"{}\"\n{}\n",
            name,
            receiver_.base_url(),
            name,
            secret,
            more
        );
    }
    [[nodiscard]] std::string relay(std::string_view more = "") const
    {
        return provider("relay", relay_.base_url(), more);
    }
    void start_with(const std::string& more)
    {
        write_config(more);
        start();
    }
    void replace_in_config(std::string_view before, std::string_view after)
    {
        std::ifstream in(folder_ / "pollhook.toml");
        std::string text{std::istreambuf_iterator<char>(in), {}};
        const auto at = text.find(before);
        ASSERT_NE(at, std::string::npos);
        text.replace(at, before.size(), after);
        std::ofstream(folder_ / "pollhook.toml") << text;
    }
    /// `/…/pollhook.toml:LINE:COLUMN` of a word.
    [[nodiscard]] std::string place_of(std::string_view word) const
    {
        std::ifstream in(folder_ / "pollhook.toml");
        std::size_t number = 0;
        for (std::string line; std::getline(in, line);) {
            ++number;
            if (const auto at = line.find(word); at != std::string::npos)
                return fmt::format("{}:{}:{}", (folder_ / "pollhook.toml").string(), number, at + 1);
        }
        return "nowhere";
    }
    json::object reload() { return json::parse(post("/v1/reload", "{}").body).as_object(); }
    void reload_to(const std::string& more)
    {
        write_config(more);
        const json::object result = reload();
        EXPECT_EQ(result.at("success"), true) << json::serialize(result);
    }
    json::value status() { return json::parse(get("/v1/status").body); }
    /// Relay and receiver stand still meanwhile.
    CommandResult ask(std::vector<std::string> arguments)
    {
        arguments.insert(
            arguments.end(), {"--admin", "http://127.0.0.1:" + std::to_string(daemon().admin_port().value())}
        );
        return run_pollhook(arguments);
    }

    void add_tasks(int first, int count, std::string_view life)
    {
        for (int i = first; i < first + count; ++i) {
            ids_.push_back(std::to_string(i));
            relay_.add_task(ids_.back(), *parse_life(life));
            watch("relay", ids_.back(), nullptr);
        }
    }
    [[nodiscard]] bool all_received() const
    {
        return std::ranges::all_of(ids_, [this](const std::string& id) { return is_over(id); });
    }
    std::int64_t tasks_in(const char* state)
    {
        const json::value now = status();
        const json::object& tasks = now.at("tasks").as_object();
        const json::value* relay = tasks.if_contains("relay");
        const json::value* count = relay == nullptr ? nullptr : relay->as_object().if_contains(state);
        return count == nullptr ? 0 : count->to_number<std::int64_t>();
    }
    json::value sink_state(std::string_view name = "ops")
    {
        const json::value sinks = json::parse(get("/v1/sinks").body);
        for (const json::value& one : sinks.at("sinks").as_array())
            if (json::value_to<std::string>(one.at("name")) == name)
                return one;
        return nullptr;
    }
    std::int64_t deliveries(const char* state)
    {
        const json::value sink = sink_state();
        const json::value* count = sink.at("deliveries").as_object().if_contains(state);
        return count == nullptr ? 0 : count->to_number<std::int64_t>();
    }
    [[nodiscard]] std::size_t descriptors()
    {
        std::size_t count = 0;
        for ([[maybe_unused]] const auto& entry :
             std::filesystem::directory_iterator(fmt::format("/proc/{}/fd", daemon().pid())))
            ++count;
        return count;
    }
    void expect_order()
    {
        EXPECT_TRUE(order_.violations().empty()) << order_.violations().front();
        EXPECT_EQ(unverified_, 0U);
    }

    simulator::Relay& relay_;
    simulator::Receiver& receiver_;
    std::vector<std::string> ids_;
};

TEST_F(ReloadTest, ABadFileKeepsTheOldConfigurationAndNamesEveryMistake)
{
    start_with(sink() + relay());
    write_config(sink("evnts = [\"*\"]") + relay("poll_intervall = \"1s\"\n"));
    const CommandResult bad = ask({"reload", "--wait"});
    EXPECT_EQ(bad.exit_code, 78) << bad.error;
    EXPECT_NE(bad.error.find("pollhook.toml:21:1: unknown key \"evnts\" in [sink]"), std::string::npos)
        << bad.error;
    EXPECT_NE(bad.error.find("unknown key \"poll_intervall\""), std::string::npos) << bad.error;
    EXPECT_NE(bad.error.find("did you mean \"events\"?"), std::string::npos) << bad.error;
    EXPECT_EQ(status().at("lastReload").at("success"), false);
    const CommandResult told = ask({"status"});
    EXPECT_NE(told.out.find("reload      failed at"), std::string::npos) << told.out;

    add_tasks(1, 1, quick_life);
    EXPECT_TRUE(becomes_true([&] { return all_received(); })) << "the old configuration goes on";

    write_config(sink("min_progress_step = 5") + relay());
    const CommandResult good = ask({"reload", "--wait"});
    EXPECT_EQ(good.exit_code, 0) << good.error;
    EXPECT_EQ(good.out, "reloaded: changed sink ops: min_progress_step\n");
    EXPECT_EQ(status().at("lastReload").at("success"), true);
    EXPECT_EQ(status().at("reloads"), 2);
    EXPECT_EQ(ask({"reload", "--wait"}).out, "reloaded: nothing changed\n");
}

TEST_F(ReloadTest, AKeyThatNeedsARestartRejectsTheWholeReloadByName)
{
    start_with(relay());
    write_config(sink() + relay());
    replace_in_config("log_level = \"debug\"", "log_format = \"json\"");
    const CommandResult refused = ask({"reload", "--wait"});
    EXPECT_EQ(refused.exit_code, 78);
    EXPECT_NE(
        refused.error.find(place_of("log_format") + ": \"daemon.log_format\" changed: that needs a restart"),
        std::string::npos
    ) << refused.error;
    EXPECT_TRUE(sink_state().is_null()) << "nothing of it was taken over";
}

TEST_F(ReloadTest, ASinkThatCannotBeMadeRejectsTheReload)
{
    start_with(sink() + relay());
    const std::string secure =
        "\n[[sink]]\nname = \"secure\"\ntype = \"webhook\"\n"
        "url = \"https://127.0.0.1:1/\"\ntls.ca_file = \"/does/not/exist.pem\"\n";
    write_config(sink() + sink("", "second") + secure + relay());
    const CommandResult refused = ask({"reload", "--wait"});
    EXPECT_EQ(refused.exit_code, 78);
    EXPECT_NE(refused.error.find(place_of("ca_file =") + ": sink \"secure\": ca_file"), std::string::npos)
        << refused.error;
    EXPECT_TRUE(sink_state("second").is_null());
    add_tasks(1, 1, quick_life);
    EXPECT_TRUE(becomes_true([&] { return all_received(); }));
}

TEST_F(ReloadTest, AKeyThatWasTakenOutAndNeedsARestartIsNamedByItsTable)
{
    start_with(relay());
    replace_in_config("state_dir = ", "# state_dir = ");
    const CommandResult refused = run_pollhook(
        {"reload", "--wait", "--admin", "http://127.0.0.1:" + std::to_string(daemon().admin_port().value())}
    );
    EXPECT_EQ(refused.exit_code, 78);
    EXPECT_NE(refused.error.find(place_of("[daemon]") + ": \"daemon.state_dir\" changed"), std::string::npos)
        << refused.error;
}

/// A sink with a certificate of its own.
class CertificateTest : public ReloadTest {
protected:
    CertificateTest()
    {
        write("ca.pem", authority_.certificate_pem());
        write("client.pem", first_.certificate_pem());
        write("client.key", first_.key_pem());
    }
    void write(const char* name, std::string_view content) const
    {
        std::ofstream(folder_ / name, std::ios::binary) << content;
    }
    [[nodiscard]] std::string secure(std::string_view more = "") const
    {
        return fmt::format(
            "\n[[sink]]\nname = \"secure\"\ntype = \"webhook\"\nurl = \"https://127.0.0.1:1/\"\n"
            "tls.ca_file = \"{0}/ca.pem\"\ntls.certificate_file = \"{0}/client.pem\"\n"
            "tls.key_file = \"{0}/client.key\"\n{1}",
            folder_.string(),
            more
        );
    }
    [[nodiscard]] std::string refusal()
    {
        const CommandResult refused = ask({"reload", "--wait"});
        EXPECT_EQ(refused.exit_code, 78);
        return refused.error;
    }

    const TestCertificate authority_{{.common_name = "authority", .is_authority = true}};
    const TestCertificate first_{{.common_name = "pollhook", .issuer = &authority_}};
    const TestCertificate second_{{.common_name = "pollhook", .issuer = &authority_}};
};

TEST_F(CertificateTest, ACertificateThatWasRenewedInItsPlaceIsTakenOverAndNamed)
{
    start_with(secure() + relay());
    EXPECT_EQ(ask({"reload", "--wait"}).out, "reloaded: nothing changed\n");
    write("client.pem", second_.certificate_pem());
    write("client.key", second_.key_pem());
    EXPECT_EQ(
        ask({"reload", "--wait"}).out, "reloaded: changed sink secure: tls.certificate_file, tls.key_file\n"
    );
    EXPECT_EQ(ask({"reload", "--wait"}).out, "reloaded: nothing changed\n");
}

TEST_F(CertificateTest, AFileThatCannotBeUsedIsNamedWithItsPlace)
{
    start_with(secure() + relay());
    write("client.pem", second_.certificate_pem());
    std::string said = refusal();
    EXPECT_NE(said.find(place_of("key_file =") + ": sink \"secure\": key_file"), std::string::npos) << said;
    write("client.pem", "nonsense");
    said = refusal();
    EXPECT_NE(said.find(place_of("certificate_file =") + ": sink"), std::string::npos) << said;
    write("client.pem", first_.certificate_pem());
    std::filesystem::remove(folder_ / "ca.pem");
    said = refusal();
    EXPECT_NE(said.find(place_of("ca_file =") + ": sink"), std::string::npos) << said;
}

TEST_F(CertificateTest, AFileThatCannotBeUsedEndsTheStartWithItsPlace)
{
    std::filesystem::remove(folder_ / "ca.pem");
    write_config(secure() + relay());
    launch();
    ASSERT_TRUE(becomes_true([&] { return daemon().exit_code().has_value(); }));
    EXPECT_EQ(daemon().exit_code(), 78);
    EXPECT_TRUE(daemon().logged(place_of("ca_file =") + ": sink \"secure\"")) << daemon().log();
}

TEST_F(ReloadTest, ASinkThatIsRemovedAndReturnsLosesNothing)
{
    receiver_.set_failures({"503"});
    start_with(sink() + relay());
    add_tasks(1, 6, quick_life);
    ASSERT_TRUE(becomes_true([&] { return deliveries("pending") > 0; }));
    reload_to(relay());
    EXPECT_EQ(sink_state().at("state"), "notConfigured");
    ASSERT_TRUE(becomes_true([&] { return tasks_in("succeeded") == 6; }));
    const std::int64_t waiting = deliveries("pending");
    EXPECT_GT(waiting, 0);
    receiver_.set_failures({});
    turn(60);
    EXPECT_EQ(deliveries("pending"), waiting) << "they wait as long as it is away";

    reload_to(sink() + relay());
    EXPECT_TRUE(becomes_true([&] { return deliveries("pending") + deliveries("inFlight") == 0; }));
    EXPECT_EQ(deliveries("delivered"), waiting);
    expect_order();
}

TEST_F(ReloadTest, AnAttemptUnderWayWhenItsSinkGoesCounts)
{
    receiver_.set_failures({"slow:1:1500ms"});
    start_with(sink() + relay());
    add_tasks(1, 3, ended_life);
    ASSERT_TRUE(becomes_true([&] { return tasks_in("succeeded") == 3 && deliveries("inFlight") > 0; }));
    reload_to(relay());
    EXPECT_TRUE(becomes_true([&] { return deliveries("delivered") >= 1; }));
    receiver_.set_failures({});
    reload_to(sink() + relay());
    EXPECT_TRUE(becomes_true([&] { return deliveries("delivered") == 3; }));
    EXPECT_EQ(receiver_.received(), 3U) << "none was sent twice";
}

TEST_F(ReloadTest, AFreshSinkGetsWhatHappensFromThenOn)
{
    start_with(relay());
    add_tasks(1, 2, ended_life);
    ASSERT_TRUE(becomes_true([&] { return tasks_in("succeeded") == 2; }));
    reload_to(sink() + relay());
    add_tasks(3, 2, ended_life);
    ASSERT_TRUE(becomes_true([&] { return is_over("3") && is_over("4"); }));
    EXPECT_EQ(receipts_of("1") + receipts_of("2"), 0U);
}

TEST_F(ReloadTest, AnotherUrlSecretAndFilterTakeEffectAtOnce)
{
    start_with(sink("headers = { \"X-Env\" = \"one\" }") + relay());
    add_tasks(1, 1, ended_life);
    ASSERT_TRUE(becomes_true([&] { return all_received(); }));
    reload_to(sink("headers = { \"X-Env\" = \"two\" }\nevents = [\"task.succeeded\"]") + relay());
    add_tasks(2, 1, quick_life);
    ASSERT_TRUE(becomes_true([&] { return all_received(); }));
    EXPECT_EQ(receipts_of("2"), 1U) << "only its end is wanted now";
    const auto& fields = receiver_.receipts().back().fields;
    EXPECT_NE(std::ranges::find(fields, std::pair<std::string, std::string>("x-env", "two")), fields.end());
}

TEST_F(ReloadTest, AChangedKeyIsTriedAtOnce)
{
    simulator::RelayOptions options;
    options.api_key = "sk-canary-new";
    simulator::Relay& strict = add_relay(std::move(options));
    strict.add_task("7", *parse_life(ended_life));
    start_with(sink() + provider("relay", strict.base_url()));
    watch("relay", "7", nullptr);
    ASSERT_TRUE(becomes_true([&] { return status().at("providers").at("relay") == "keyRefused"; }));
    replace_in_config("sk-canary-17", "sk-canary-new");
    const json::object result = reload();
    EXPECT_EQ(result.at("changes").at("providers").at("changed").at("relay"), json::array({"api_key"}));
    EXPECT_EQ(json::serialize(result).find("sk-canary"), std::string::npos);
    // After a refused key it would wait for a minute at least.
    EXPECT_TRUE(becomes_true([&] { return is_over("7"); }, 20));
    EXPECT_FALSE(daemon().logged("sk-canary"));
}

TEST_F(ReloadTest, ARemovedProvidersTasksAreWatchedAgainWhenItReturns)
{
    start_with(sink() + relay());
    add_tasks(1, 3, "0s SUBMITTED 0%, 200ms IN_PROGRESS 10%, 1500ms SUCCESS 100%");
    ASSERT_TRUE(becomes_true([&] { return last_type("1") == "task.running"; }));
    reload_to(sink());
    EXPECT_EQ(json::parse(get("/v1/providers").body).at("providers").as_array().size(), 0U);
    EXPECT_EQ(post("/v1/tasks", R"({"provider":"relay","id":"9"})").status, 400);
    const std::size_t asked = relay_.counters().requests();
    turn(300);
    EXPECT_EQ(relay_.counters().requests(), asked);
    reload_to(sink() + relay());
    EXPECT_TRUE(becomes_true([&] { return all_received(); }));
    expect_order();
}

TEST_F(ReloadTest, TasksThatNobodyLooksAtAnyMoreAreTold)
{
    start_with(relay());
    add_tasks(1, 2, long_life);
    write_config("");
    const CommandResult done = ask({"reload", "--wait"});
    EXPECT_EQ(done.out, "reloaded: removed provider relay\n") << done.error;
    EXPECT_EQ(
        done.error,
        "pollhook: warning: provider relay is not configured any more: nobody looks at its 2 open tasks "
        "until it "
        "is again\n"
    );
    EXPECT_TRUE(daemon().logged("provider.not_configured: provider=relay open_tasks=2")) << daemon().log();
    EXPECT_EQ(ask({"reload", "--wait"}).error, "") << "it is told once";
}

TEST_F(ReloadTest, OrderIsKeptWhileTheConfigurationChangesUnderLoad)
{
    receiver_.set_failures({"503:0.1", "slow:0.2:50ms"});
    start_with(sink() + relay());
    const std::vector<std::string> variants{
        sink("max_in_flight = 2") + relay("max_in_flight = 1\n"),
        sink("headers = { \"X-Env\" = \"two\" }") + relay("batch_size = 3\n"),
        sink("max_per_second = 200") + sink("events = [\"task.succeeded\"]", "second") + relay(),
        "max_in_flight = 64\n" + sink() + relay("stalled_after = \"20m\"\n")
    };
    for (int round = 0; round < 24; ++round) {
        add_tasks(100 + 4 * round, 4, quick_life);
        reload_to(variants[static_cast<std::size_t>(round) % variants.size()]);
        turn(10);
    }
    receiver_.set_failures({});
    reload_to(sink() + relay());
    EXPECT_TRUE(becomes_true([&] { return all_received(); }));
    expect_order();
}

TEST_F(ReloadTest, AKillDuringReloadsLosesNothing)
{
    start_with(sink() + relay());
    for (int round = 0; round < 6; ++round) {
        add_tasks(100 + 5 * round, 5, quick_life);
        for (int i = 0; i < 3; ++i) {
            write_config(i % 2 == 0 ? relay() : sink() + relay());
            daemon().signal(SIGHUP);
            turn(round);
        }
        write_config(sink() + relay());
        kill_and_restart();
    }
    EXPECT_TRUE(becomes_true([&] { return tasks_in("succeeded") == static_cast<std::int64_t>(ids_.size()); })
    );
    EXPECT_TRUE(becomes_true([&] { return deliveries("pending") + deliveries("inFlight") == 0; }));
    expect_order();
}

TEST_F(ReloadTest, HundredsOfReloadsUnderLoadLeakNothing)
{
    const std::string file = fmt::format(
        "\n[[sink]]\nname = \"log\"\ntype = \"file\"\npath = \"{}\"\n", (folder_ / "events").string()
    );
    start_with(sink() + relay());
    add_tasks(1, 20, long_life);
    const auto round = [&](int number) {
        switch (number % 4) {
            case 0: reload_to(sink("max_in_flight = 3") + file + relay()); break;
            case 1: reload_to(sink("", "other") + relay("batch_size = 7\n")); break;
            case 2: reload_to(file + "format = \"bare\"\n"); break;
            default: reload_to("max_in_flight = 9\n" + sink() + relay()); break;
        }
        add_tasks(1000 + number, 1, ended_life);
        turn(1);
    };
    for (int i = 0; i < 80; ++i)
        round(i);
    const std::size_t memory = resident_bytes(daemon().pid());
    const std::size_t open = descriptors();
    for (int i = 80; i < 220; ++i)
        round(i);
    EXPECT_LE(resident_bytes(daemon().pid()), memory + (std::size_t{6} << 20U) + sanitizer_growth);
    EXPECT_LE(descriptors(), open + 8);
    EXPECT_EQ(status().at("reloads"), 220);
}

TEST_F(ReloadTest, SighupReloadsOpensFilesAgainAndTellsSystemd)
{
    NotifySocket systemd(loop_, folder_ / "notify");
    write_config(
        fmt::format(
            "\n[[sink]]\nname = \"log\"\ntype = \"file\"\npath = \"{}\"\n", (folder_ / "events").string()
        ) +
        relay()
    );
    start({"NOTIFY_SOCKET=" + (folder_ / "notify").string()});
    add_tasks(1, 1, ended_life);
    ASSERT_TRUE(becomes_true([&] { return std::filesystem::exists(folder_ / "events"); }));
    std::filesystem::rename(folder_ / "events", folder_ / "events.1");
    daemon().signal(SIGHUP);
    ASSERT_TRUE(becomes_true([&] { return systemd.count("READY=1") == 2; }));
    EXPECT_EQ(systemd.count_beginning("RELOADING=1\nMONOTONIC_USEC="), 1U);
    EXPECT_EQ(status().at("lastReload").at("message"), "nothing changed");
    add_tasks(2, 1, ended_life);
    EXPECT_TRUE(becomes_true([&] { return std::filesystem::exists(folder_ / "events"); }));
}

TEST_F(ReloadTest, WithoutWaitTheAnswerComesAtOnce)
{
    start_with(relay());
    write_config(sink() + relay());
    const CommandResult asked = ask({"reload"});
    EXPECT_EQ(asked.exit_code, 0) << asked.error;
    EXPECT_NE(asked.out.find("has been asked for"), std::string::npos);
    EXPECT_TRUE(becomes_true([&] { return status().at("reloads") == 1; }));
    EXPECT_EQ(sink_state().at("state"), "ok");
    EXPECT_EQ(post("/v1/reload", R"({"wiat":false})").status, 400);
    EXPECT_EQ(get("/v1/reload").status, 405);
}

TEST_F(ReloadTest, AStoppingDaemonRefuses)
{
    receiver_.set_failures({"hang"});
    start_with(sink() + relay());
    add_tasks(1, 1, ended_life);
    ASSERT_TRUE(becomes_true([&] { return deliveries("inFlight") == 1; }));
    daemon().signal(SIGTERM);
    ASSERT_TRUE(becomes_true([&] { return daemon().logged("daemon.stopping"); }));
    const RawClient::Answer refused = post("/v1/reload", "{}");
    EXPECT_EQ(refused.status, 503);
    EXPECT_NE(refused.body.find("the daemon is stopping"), std::string::npos) << refused.body;
}

TEST_F(ReloadTest, TheReloadCommandOfAUnitNeedsNoToken)
{
    write_config(relay());
    replace_in_config("listen = [\"127.0.0.1:0\"]", "listen = [\"127.0.0.1:0\"]\ntoken = \"t0ken-canary\"");
    start();
    const std::string admin = "http://127.0.0.1:" + std::to_string(daemon().admin_port().value());
    const CommandResult refused = ask({"reload", "--wait"});
    EXPECT_EQ(refused.exit_code, 1) << "nobody else may";
    EXPECT_NE(refused.error.find("systemctl reload pollhook"), std::string::npos) << refused.error;
    ::setenv("MAINPID", std::to_string(daemon().pid()).c_str(), 1);
    const CommandResult done = ask({"reload", "--wait"});
    replace_in_config("poll_interval", "poll_intervall");
    const CommandResult wrong = ask({"reload", "--wait"});
    ::unsetenv("MAINPID");
    EXPECT_EQ(done.exit_code, 0) << done.error;
    EXPECT_EQ(done.out, "reloaded: nothing changed\n");
    EXPECT_EQ(wrong.exit_code, 78) << wrong.error;
    EXPECT_NE(wrong.error.find("poll_intervall"), std::string::npos) << wrong.error;
}

TEST_F(ReloadTest, APausedProviderIsNotAskedAndItsTasksDoNotAge)
{
    start_with(
        sink() + relay("stalled_after = \"1500ms\"\nmax_age = \"2500ms\"\nmissing_grace = \"100ms\"\n"
                       "lost_after = { misses = 2, time = \"500ms\" }\n")
    );
    add_tasks(1, 2, "0s SUBMITTED 0%, 100ms IN_PROGRESS 10%, 200ms IN_PROGRESS 20%, 5s SUCCESS 100%");
    ASSERT_TRUE(becomes_true([&] {
        return last_type("1") == "task.progress" && last_type("2") == "task.progress";
    }));
    const CommandResult paused = ask({"provider", "pause", "relay", "--reason", "maintenance"});
    EXPECT_EQ(paused.out, "relay is paused: maintenance\n") << paused.error;
    EXPECT_EQ(status().at("providers").at("relay"), "paused");
    turn(40);
    const std::size_t asked = relay_.counters().requests();
    turn(200);
    kill_and_restart();
    EXPECT_EQ(status().at("providers").at("relay"), "paused") << "it outlives a restart";
    turn(650);
    EXPECT_EQ(relay_.counters().requests(), asked);
    const CommandResult listed = ask({"provider", "list"});
    EXPECT_NE(listed.out.find("maintenance"), std::string::npos) << listed.out;
    EXPECT_EQ(ask({"provider", "resume", "relay"}).out, "relay is ok\n");
    EXPECT_TRUE(becomes_true([&] { return all_received(); }));
    EXPECT_EQ(last_type("1"), "task.succeeded");
    EXPECT_EQ(last_type("2"), "task.succeeded");
    EXPECT_EQ(ask({"provider", "pause", "rellay"}).exit_code, 1);
}

TEST_F(ReloadTest, ListensOnTheSocketThatWasPassed)
{
    write_config(relay());
    // What systemd does for a socket unit.
    const std::string pass =
        "import os, socket, sys\n"
        "s = socket.create_server(('127.0.0.1', 0))\n"
        "os.dup2(s.fileno(), 3)\n"
        "os.set_inheritable(3, True)\n"
        "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1', "
        "LISTEN_FDNAMES='admin')\n"
        "print('passed', s.getsockname()[1], flush=True)\n"
        "os.execv(sys.argv[1], sys.argv[1:])\n";
    start({}, {"python3", "-c", pass});
    EXPECT_TRUE(daemon().logged("passed " + std::to_string(daemon().admin_port().value()) + "\n"));
    EXPECT_TRUE(daemon().logged("admin.socket_passed: descriptor=3 name=\"admin\""));
    EXPECT_EQ(get("/livez").status, 200);
    EXPECT_EQ(reload().at("success"), true);
}

TEST_F(ReloadTest, APassedSocketThatOthersReachNeedsAToken)
{
    write_config(relay());
    const std::string pass =
        "import os, socket, sys\n"
        "s = socket.create_server(('0.0.0.0', 0))\n"
        "os.dup2(s.fileno(), 3)\n"
        "os.set_inheritable(3, True)\n"
        "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1')\n"
        "os.execv(sys.argv[1], sys.argv[1:])\n";
    launch({}, {"python3", "-c", pass});
    ASSERT_TRUE(becomes_true([&] { return daemon().exit_code().has_value(); }));
    EXPECT_EQ(daemon().exit_code(), 78);
    EXPECT_TRUE(daemon().logged(place_of("[admin]") + ": 0.0.0.0 is open to others, so it needs admin.token"))
        << daemon().log();
}

}  // namespace
}  // namespace pollhook::test
