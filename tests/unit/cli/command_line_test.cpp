#include "command_line.hpp"

#include "exit_code.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace pollhook::cli {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr base::TimePoint now = base::from_unix_ms(1'795'231'119'000);

std::variant<Invocation, Answer> parse(std::vector<std::string> words)
{
    return parse_command_line(words, now);
}

/// The options of a line that is right.
template <class Options>
Options options_of(std::vector<std::string> words)
{
    return std::get<Options>(std::get<Invocation>(parse(std::move(words))).command);
}

ClientFlags flags_of(std::vector<std::string> words)
{
    return std::get<Invocation>(parse(std::move(words))).client;
}

/// What is said about a line that is wrong.
Answer answer_to(std::vector<std::string> words)
{
    return std::get<Answer>(parse(std::move(words)));
}

TEST(CommandLineTest, SuggestsTheCommandThatWasMeant)
{
    const Answer answer = answer_to({"tsk", "list"});
    EXPECT_EQ(answer.exit_code, exit_code::usage);
    EXPECT_THAT(answer.error, HasSubstr(R"(unknown command "tsk", did you mean "task"?)"));
}

TEST(CommandLineTest, SuggestsTheSubcommandThatWasMeant)
{
    const Answer answer = answer_to({"task", "lst", "-q", "pig"});
    EXPECT_EQ(answer.exit_code, exit_code::usage);
    EXPECT_THAT(answer.error, HasSubstr(R"(unknown command "lst", did you mean "list"?)"));
    EXPECT_THAT(answer.error, HasSubstr(R"("pollhook task --help")"));
}

TEST(CommandLineTest, SuggestsTheOptionThatWasMeant)
{
    const Answer answer = answer_to({"task", "list", "--limt=3"});
    EXPECT_EQ(answer.exit_code, exit_code::usage);
    EXPECT_THAT(answer.error, HasSubstr(R"(unknown option "--limt", did you mean "--limit"?)"));
}

TEST(CommandLineTest, TellsWhereAnOptionGoesThatCameTooEarly)
{
    const std::pair<std::vector<std::string>, const char*> lines[] = {
        {{"--admin", "http://127.0.0.1:1", "status"},
         R"(the option --admin goes after its command: "pollhook status --admin")"},
        {{"--admin=http://127.0.0.1:1", "task", "list"}, R"("pollhook task list --admin")"},
        {{"task", "-o", "json", "list"}, R"("pollhook task list -o")"},
        {{"-c", "/etc/pollhook/pollhook.toml", "run"}, R"("pollhook run -c")"},
        {{"--admin", "http://127.0.0.1:1"}, R"("pollhook COMMAND --admin")"},
        {{"task", "--json"}, R"("pollhook task COMMAND --json")"},
    };
    for (const auto& [words, said] : lines) {
        const Answer answer = answer_to(words);
        EXPECT_EQ(answer.exit_code, exit_code::usage);
        EXPECT_THAT(answer.error, HasSubstr(said));
    }
    EXPECT_THAT(answer_to({"--limit", "3", "status"}).error, HasSubstr(R"(unknown option "--limit")"));
}

TEST(CommandLineTest, SuggestsNothingForAWordThatIsLikeNone)
{
    const Answer answer = answer_to({"kubernetes"});
    EXPECT_THAT(answer.error, HasSubstr(R"(unknown command "kubernetes")"));
    EXPECT_THAT(answer.error, testing::Not(HasSubstr("did you mean")));
}

TEST(CommandLineTest, MakesWhatItRepeatsSafeForATerminal)
{
    EXPECT_THAT(answer_to({"\x1b[2Jtask"}).error, testing::Not(HasSubstr("\x1b")));
}

TEST(CommandLineTest, ShowsHelpAsAnErrorWhenNoCommandIsGiven)
{
    const Answer answer = answer_to({});
    EXPECT_EQ(answer.exit_code, exit_code::usage);
    EXPECT_THAT(answer.error, HasSubstr("Commands:"));
    EXPECT_EQ(answer.out, "");
}

TEST(CommandLineTest, PrintsHelpThatWasAskedForToStandardOutput)
{
    const Answer answer = answer_to({"task", "wait", "--help"});
    EXPECT_EQ(answer.exit_code, exit_code::ok);
    EXPECT_THAT(answer.out, HasSubstr("pollhook task wait"));
    EXPECT_THAT(answer.out, HasSubstr("124 time-out"));
}

TEST(CommandLineTest, GivesEveryCommandAnExample)
{
    const std::vector<std::vector<std::string>> commands{
        {"run"},
        {"demo"},
        {"simulate"},
        {"listen"},
        {"config", "check"},
        {"config", "show"},
        {"config", "init"},
        {"task", "add"},
        {"task", "list"},
        {"task", "show"},
        {"task", "wait"},
        {"task", "remove"},
        {"task", "import"},
        {"event", "list"},
        {"delivery", "list"},
        {"delivery", "show"},
        {"delivery", "retry"},
        {"sink", "replay"},
        {"job", "list"},
        {"job", "show"},
        {"job", "cancel"},
        {"status"},
        {"version"},
    };
    for (std::vector<std::string> words : commands) {
        std::string name = "pollhook";
        for (const std::string& word : words)
            name += " " + word;
        words.emplace_back("-h");
        EXPECT_THAT(answer_to(words).out, HasSubstr("Example:\n  " + name)) << name;
    }
}

TEST(CommandLineTest, KnowsTheVersionAsAnOptionToo)
{
    const Answer answer = answer_to({"--version"});
    EXPECT_EQ(answer.exit_code, exit_code::ok);
    EXPECT_THAT(answer.out, testing::StartsWith("pollhook "));
}

TEST(CommandLineTest, ReadsTheOptionsOfTaskAdd)
{
    const auto options = options_of<TaskAddOptions>(
        {"task",
         "add",
         "quickrouter",
         "1",
         "2",
         "--metadata",
         R"({"a":1})",
         "--webhook-url",
         "https://a.example/",
         "--wait"}
    );
    EXPECT_EQ(options.provider, "quickrouter");
    EXPECT_THAT(options.ids, ElementsAre("1", "2"));
    EXPECT_EQ(options.metadata, R"({"a":1})");
    EXPECT_EQ(options.webhook_url, "https://a.example/");
    EXPECT_TRUE(options.wait);
}

TEST(CommandLineTest, WantsTheProviderAndTheIdOfATask)
{
    EXPECT_THAT(answer_to({"task", "add"}).error, HasSubstr("PROVIDER is missing"));
    EXPECT_EQ(answer_to({"task", "show", "quickrouter"}).exit_code, exit_code::usage);
}

TEST(CommandLineTest, RefusesALimitOutOfRange)
{
    EXPECT_EQ(options_of<TaskListOptions>({"task", "list", "--limit", "1000"}).paging.limit, 1000U);
    EXPECT_EQ(answer_to({"task", "list", "--limit", "0"}).exit_code, exit_code::usage);
    EXPECT_EQ(answer_to({"event", "list", "--limit", "1001"}).exit_code, exit_code::usage);
}

TEST(CommandLineTest, ReadsATimeOutAsADuration)
{
    EXPECT_EQ(options_of<TaskWaitOptions>({"task", "wait", "p", "1", "--timeout", "10m"}).timeout, 10min);
    EXPECT_EQ(options_of<TaskWaitOptions>({"task", "wait", "p", "1"}).timeout, std::nullopt);
    EXPECT_THAT(
        answer_to({"task", "wait", "p", "1", "--timeout", "10"}).error, HasSubstr("a duration such as")
    );
}

TEST(CommandLineTest, ReadsSinceAsATimeOrAsLongAgo)
{
    EXPECT_EQ(options_of<EventListOptions>({"event", "list", "--since", "2h"}).since, now - 2h);
    EXPECT_EQ(
        options_of<EventListOptions>({"event", "list", "--since", "2026-11-21T03:18:39Z"}).since,
        base::parse_rfc3339("2026-11-21T03:18:39Z")
    );
    EXPECT_EQ(answer_to({"event", "list", "--since", "yesterday"}).exit_code, exit_code::usage);
}

TEST(CommandLineTest, TakesAnOptionSeveralTimes)
{
    const auto options = options_of<SimulateOptions>(
        {"simulate",
         "--fault",
         "500:0.1",
         "--fault",
         "html:0.05",
         "--life",
         "0s SUBMITTED 0%, 2s SUCCESS 100%"}
    );
    EXPECT_THAT(options.faults, ElementsAre("500:0.1", "html:0.05"));
    EXPECT_THAT(options.lives, ElementsAre("0s SUBMITTED 0%, 2s SUCCESS 100%"));
}

TEST(CommandLineTest, RefusesAnOptionTwiceThatTakesOneValue)
{
    EXPECT_THAT(
        answer_to({"task", "list", "--status", "running", "--status", "queued"}).error,
        HasSubstr("error: --status may be given once\n")
    );
    EXPECT_THAT(answer_to({"task", "list", "--status"}).error, HasSubstr("error: --status needs a value\n"));
}

TEST(CommandLineTest, TakesPatternsOfEventTypes)
{
    EXPECT_THAT(
        options_of<EventListOptions>({"event", "list", "--type", "task.*"}).types, ElementsAre("task.*")
    );
    EXPECT_THAT(answer_to({"event", "list", "--type", "tsk.*"}).error, HasSubstr("did you mean \"task.*\"?"));
}

TEST(CommandLineTest, TakesIdsThatBeginWithADash)
{
    const auto ids = [](std::vector<std::string> words) {
        words.insert(words.begin(), {"task", "add"});
        return options_of<TaskAddOptions>(std::move(words)).ids;
    };
    EXPECT_THAT(ids({"quick", "--", "-x", "--json", "-1"}), ElementsAre("-x", "--json", "-1"));
    EXPECT_THAT(ids({"--", "quick", "-x"}), ElementsAre("-x"));
}

TEST(CommandLineTest, ReadsHowToPrintAndWhereTheDaemonIs)
{
    const ClientFlags flags = flags_of(
        {"status",
         "--json",
         "--admin",
         "unix:/run/a.sock",
         "--token-file",
         "/t",
         "-c",
         "/c",
         "--color",
         "never"}
    );
    EXPECT_EQ(flags.output, OutputFormat::json);
    EXPECT_EQ(flags.admin, "unix:/run/a.sock");
    EXPECT_EQ(flags.token_file, "/t");
    EXPECT_EQ(flags.config, "/c");
    EXPECT_EQ(flags.color, ColorMode::never);
    EXPECT_EQ(flags_of({"task", "list", "-o", "ndjson"}).output, OutputFormat::ndjson);
    EXPECT_EQ(answer_to({"status", "-o", "xml"}).exit_code, exit_code::usage);
}

TEST(CommandLineTest, ReadsTheConfigurationsFile)
{
    EXPECT_EQ(options_of<RunOptions>({"run", "-c", "a.toml"}).config, "a.toml");
    EXPECT_EQ(options_of<RunOptions>({"run"}).config, std::nullopt);
    EXPECT_EQ(options_of<ConfigCheckOptions>({"config", "check", "a.toml"}).file, "a.toml");
    EXPECT_EQ(options_of<ConfigInitOptions>({"config", "init", "-"}).file, "-");
    EXPECT_THAT(answer_to({"run", "a.toml"}).error, HasSubstr(R"(unexpected argument "a.toml")"));
}

TEST(CommandLineTest, ReadsTheDemosPort)
{
    const auto options = options_of<DemoOptions>({"demo", "--port", "8780", "--seconds", "3"});
    EXPECT_EQ(options.port, 8780);
    EXPECT_EQ(options.seconds, 3s);
    EXPECT_EQ(answer_to({"demo", "--port", "65536"}).exit_code, exit_code::usage);
}

TEST(CommandLineTest, ReadsWhichDeliveriesToTryAgain)
{
    const auto one = options_of<DeliveryRetryOptions>({"delivery", "retry", "12-0-3"});
    EXPECT_EQ(one.id, "12-0-3");
    const auto many = options_of<DeliveryRetryOptions>(
        {"delivery",
         "retry",
         "--state",
         "dead",
         "--task",
         "quick/17",
         "--since",
         "2h",
         "--rate",
         "5",
         "--dry-run"}
    );
    EXPECT_EQ(many.state, "dead");
    EXPECT_EQ(many.task, "quick/17");
    EXPECT_EQ(many.since, now - 2h);
    EXPECT_EQ(many.rate, 5);
    EXPECT_TRUE(many.dry_run);
    EXPECT_FALSE(many.no_wait);
    EXPECT_EQ(answer_to({"delivery", "retry", "--rate", "0"}).exit_code, exit_code::usage);
    EXPECT_THAT(
        answer_to({"delivery", "retry", "--dryrun"}).error, HasSubstr(R"(did you mean "--dry-run"?)")
    );
}

TEST(CommandLineTest, ReadsWhatToReplay)
{
    const auto replay = options_of<SinkReplayOptions>(
        {"sink",
         "replay",
         "ops",
         "--since",
         "1d",
         "--until",
         "2026-11-21T03:18:39Z",
         "--type",
         "task.failed",
         "--no-wait"}
    );
    EXPECT_EQ(replay.name, "ops");
    EXPECT_EQ(replay.since, now - 24h);
    EXPECT_TRUE(replay.until);
    EXPECT_THAT(replay.types, ElementsAre("task.failed"));
    EXPECT_TRUE(replay.no_wait);
    EXPECT_EQ(answer_to({"sink", "replay", "ops"}).exit_code, exit_code::usage) << "since when is missing";
    EXPECT_EQ(answer_to({"sink", "replay", "ops", "--since", "yesterday"}).exit_code, exit_code::usage);
    EXPECT_EQ(answer_to({"sink", "pause"}).exit_code, exit_code::usage);
    EXPECT_THAT(answer_to({"sink", "resum", "ops"}).error, HasSubstr(R"(did you mean "resume"?)"));
}

TEST(CommandLineTest, ReadsWhichJob)
{
    EXPECT_EQ(options_of<JobListOptions>({"job", "list", "--limit", "5"}).limit, 5U);
    EXPECT_EQ(options_of<JobShowOptions>({"job", "show", "3"}).id, "3");
    EXPECT_EQ(options_of<JobCancelOptions>({"job", "cancel", "3"}).id, "3");
    EXPECT_EQ(answer_to({"job", "cancel"}).exit_code, exit_code::usage);
    EXPECT_TRUE(options_of<SinkReplayOptions>({"sink", "replay", "ops", "--since", "1d", "--dry-run"}).dry_run
    );
}

TEST(CommandLineTest, ReadsReloadsAndPausesOfProviders)
{
    EXPECT_FALSE(options_of<ReloadOptions>({"reload"}).wait);
    EXPECT_TRUE(options_of<ReloadOptions>({"reload", "--wait"}).wait);
    const auto pause =
        options_of<ProviderPauseOptions>({"provider", "pause", "quick", "--reason", "new key"});
    EXPECT_EQ(pause.name, "quick");
    EXPECT_EQ(pause.reason, "new key");
    EXPECT_EQ(options_of<ProviderResumeOptions>({"provider", "resume", "quick"}).name, "quick");
    EXPECT_EQ(answer_to({"provider", "pause"}).exit_code, exit_code::usage);
    EXPECT_THAT(answer_to({"relod"}).error, HasSubstr(R"(did you mean "reload"?)"));
}

TEST(CommandLineTest, TellsHowASinksQueueIsCalled)
{
    const std::string help = answer_to({"delivery", "list", "--help"}).out;
    EXPECT_THAT(help, HasSubstr("sink:NAME"));
    EXPECT_THAT(help, HasSubstr("--task PROVIDER/ID"));
}

TEST(ChoiceTest, AWordThatIsNoneGetsAGuess)
{
    const std::pair<std::vector<std::string>, const char*> lines[] = {
        {{"task", "list", "--status", "runing"}, R"(did you mean "running"?)"},
        {{"event", "list", "--type", "task.faild"}, R"(did you mean "task.failed"?)"},
        {{"event", "tail", "--type", "task.faild"}, R"(did you mean "task.failed"?)"},
        {{"event", "list", "--order", "ascending"}, R"("ascending" must be one of desc, asc)"},
        {{"delivery", "list", "--state", "inflight"}, R"(did you mean "inFlight"?)"},
        {{"delivery", "retry", "--state", "pending"},
         R"(must be one of dead, cancelled, superseded, delivered)"},
        {{"sink", "replay", "ops", "--since", "2h", "--type", "task.sucess"},
         "--type: \"task.sucess\" must be"},
        {{"status", "-o", "jsno"}, R"(did you mean "json"?)"},
        {{"status", "--color", "alway"}, R"(did you mean "always"?)"},
        {{"completion", "tcsh"}, R"("tcsh" must be one of bash, zsh, fish)"},
        {{"simulate", "--auth", "bear"}, R"(--auth: "bear" must be one of)"},
    };
    for (const auto& [words, said] : lines) {
        const Answer answer = answer_to(words);
        EXPECT_EQ(answer.exit_code, exit_code::usage) << said;
        EXPECT_THAT(answer.error, HasSubstr(said));
    }
}

TEST(ChoiceTest, EveryListedWordIsTaken)
{
    for (const char* status : {"queued", "lost", "unknown"})
        EXPECT_EQ(options_of<TaskListOptions>({"task", "list", "--status", status}).status, status);
    EXPECT_EQ(options_of<EventListOptions>({"event", "list"}).order, "desc");
    EXPECT_EQ(options_of<EventListOptions>({"event", "list", "--order", "asc"}).order, "asc");
}

TEST(PagingTest, ListsTakeTheSameOptions)
{
    const auto expect_paging = [](const Paging& paging) {
        EXPECT_TRUE(paging.all);
        EXPECT_EQ(paging.cursor, "17");
    };
    expect_paging(options_of<TaskListOptions>({"task", "list", "--all", "--cursor", "17"}).paging);
    expect_paging(options_of<EventListOptions>({"event", "list", "--all", "--cursor", "17"}).paging);
    expect_paging(options_of<DeliveryListOptions>({"delivery", "list", "--all", "--cursor", "17"}).paging);
}

}  // namespace
}  // namespace pollhook::cli
