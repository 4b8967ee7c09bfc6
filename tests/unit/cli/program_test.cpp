#include "program.hpp"

#include "exit_code.hpp"
#include "pollhook/config/default_text.hpp"
#include "temporary_directory.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace pollhook::cli {
namespace {

using testing::HasSubstr;

std::string contents(const std::filesystem::path& path)
{
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

class ProgramTest : public testing::Test {
protected:
    struct Outcome {
        int exit_code = -1;
        std::string out;
        std::string error;
    };

    /// In this process.
    static Outcome run(const std::vector<std::string>& arguments)
    {
        testing::internal::CaptureStdout();
        testing::internal::CaptureStderr();
        Outcome outcome;
        outcome.exit_code = run_program(arguments);
        outcome.out = testing::internal::GetCapturedStdout();
        outcome.error = testing::internal::GetCapturedStderr();
        return outcome;
    }

    /// The binary itself.
    Outcome run_binary(std::vector<std::string> words, const std::string& out_path = {}) const
    {
        const auto out = directory_.path() / "out";
        const auto error = directory_.path() / "error";
        const std::string target = out_path.empty() ? out.string() : out_path;
        words.insert(words.begin(), POLLHOOK_BINARY);
        std::vector<char*> argv;
        for (std::string& word : words)
            argv.push_back(word.data());
        argv.push_back(nullptr);
        posix_spawn_file_actions_t actions{};
        posix_spawn_file_actions_init(&actions);
        constexpr int fresh = O_WRONLY | O_CREAT | O_TRUNC;
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, target.c_str(), fresh, 0600);
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, error.c_str(), fresh, 0600);
        pid_t pid = -1;
        EXPECT_EQ(posix_spawn(&pid, POLLHOOK_BINARY, &actions, nullptr, argv.data(), environ), 0);
        posix_spawn_file_actions_destroy(&actions);
        int status = 0;
        EXPECT_EQ(::waitpid(pid, &status, 0), pid);
        return {
            WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), contents(out), contents(error)
        };
    }

    std::string write(const std::string& name, const std::string& text) const
    {
        const auto path = directory_.path() / name;
        std::ofstream(path) << text;
        return path.string();
    }

    TemporaryDirectory directory_;
};

TEST_F(ProgramTest, NamesTheExitCodesOfSysexits)
{
    EXPECT_EQ(run({"version"}).exit_code, 0);
    EXPECT_EQ(run({"nonsense"}).exit_code, 64);
    EXPECT_EQ(run({"run", "-c", "/nonexistent/pollhook.toml"}).exit_code, 78);
    EXPECT_EQ(run({"config", "check", "/nonexistent/pollhook.toml"}).exit_code, 78);
    EXPECT_EQ(run({"simulate", "--fault", "nonsense"}).exit_code, 64);
    EXPECT_EQ(run({"listen", "--secret-file", "/nonexistent"}).exit_code, 1);
}

TEST_F(ProgramTest, WritesAConfigurationThatIsRight)
{
    const std::string path = directory_.path() / "pollhook.toml";
    EXPECT_EQ(run({"config", "init", path}).exit_code, exit_code::ok);
    EXPECT_EQ(contents(path), config::default_config_text());
    const Outcome check = run({"config", "check", path});
    EXPECT_EQ(check.exit_code, exit_code::ok);
    EXPECT_THAT(check.out, HasSubstr(path + ": ok\n"));
    EXPECT_THAT(check.out, HasSubstr("no provider"));
    EXPECT_EQ(check.error, "");
}

TEST_F(ProgramTest, NeverOverwritesAConfiguration)
{
    const std::string path = write("pollhook.toml", "# mine\n");
    const Outcome init = run({"config", "init", path});
    EXPECT_EQ(init.exit_code, exit_code::failed);
    EXPECT_THAT(init.error, HasSubstr("pollhook: error: "));
    EXPECT_THAT(init.error, HasSubstr("never overwritten"));
    EXPECT_EQ(contents(path), "# mine\n");
}

TEST_F(ProgramTest, PrintsTheDefaultConfiguration)
{
    const Outcome init = run({"config", "init", "-"});
    EXPECT_EQ(init.exit_code, exit_code::ok);
    EXPECT_EQ(init.out, config::default_config_text());
}

TEST_F(ProgramTest, SumsUpARightConfiguration)
{
    const std::string path = write(
        "pollhook.toml",
        "[daemon]\nstate_dir = \"/tmp\"\n[[provider]]\nname = \"a\"\ntype = \"ohmygpt\"\nbase_url = "
        "\"https://a.example\"\n"
        "api_key = \"k\"\n[[sink]]\nname = \"out\"\ntype = \"stdout\"\n"
    );
    const Outcome check = run({"config", "check", path});
    EXPECT_EQ(check.exit_code, exit_code::ok);
    EXPECT_THAT(check.out, HasSubstr("1 provider (a)"));
    EXPECT_THAT(check.out, HasSubstr("1 sink (out), task webhooks on, not signed"));
    EXPECT_THAT(check.out, HasSubstr("admin at 127.0.0.1:8780"));
}

TEST_F(ProgramTest, SaysWhatTheDaemonCouldNotWriteToAndWhatToDo)
{
    const std::string logs = directory_.path() / "logs";
    const std::string path = write(
        "pollhook.toml",
        "[daemon]\nstate_dir = \"" + directory_.path().string() +
            "/made/at/the/start\"\n[[sink]]\nname = \"log\"\ntype = \"file\"\npath = \"" + logs +
            "/events.ndjson\"\n"
    );
    const Outcome check = run({"config", "check", path});
    EXPECT_EQ(check.exit_code, exit_code::ok);
    EXPECT_THAT(
        check.error,
        testing::AllOf(
            testing::StartsWith("note: sink log " + logs + ": No such file or directory (the user "),
            HasSubstr(" must be able to write " + logs + ": sudo install -d -m 0700 -o ")
        )
    );
    EXPECT_EQ(std::ranges::count(check.error, '\n'), 1) << check.error;
    std::filesystem::create_directory(logs);
    EXPECT_EQ(run({"config", "check", path}).error, "");
}

TEST_F(ProgramTest, NamesEveryMistakeAtOnce)
{
    const std::string path =
        write("pollhook.toml", "[daemon]\nlog_levl = \"info\"\n[store]\nretention = \"soon\"\n");
    const Outcome check = run({"config", "check", path});
    EXPECT_EQ(check.exit_code, exit_code::configuration);
    EXPECT_THAT(check.error, HasSubstr(path + ":2:1: "));
    EXPECT_THAT(check.error, HasSubstr("did you mean \"log_level\"?"));
    EXPECT_THAT(check.error, HasSubstr(path + ":4:"));
    EXPECT_THAT(check.error, HasSubstr("pollhook: error: 2 mistakes in the configuration"));
    EXPECT_EQ(check.out, "");
}

TEST_F(ProgramTest, ShowsNoSecret)
{
    const std::string path =
        write("pollhook.toml", "[daemon]\nstate_dir = \"/tmp\"\n[admin]\ntoken = \"hush-hush\"\n");
    const Outcome show = run({"config", "show", path});
    EXPECT_EQ(show.exit_code, exit_code::ok);
    EXPECT_THAT(show.out, HasSubstr("[admin]"));
    EXPECT_THAT(show.out, testing::Not(HasSubstr("hush-hush")));
}

TEST_F(ProgramTest, IsABinaryThatTellsItsVersion)
{
    const Outcome outcome = run_binary({"version"});
    EXPECT_EQ(outcome.exit_code, exit_code::ok);
    EXPECT_THAT(outcome.out, testing::MatchesRegex("pollhook [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST_F(ProgramTest, IsABinaryThatNamesMistakesByTheirPlace)
{
    const std::string path = write("pollhook.toml", "\n[admin]\n  listen = [\"127.0.0.1:99999\"]\n");
    const Outcome outcome = run_binary({"config", "check", path});
    EXPECT_EQ(outcome.exit_code, exit_code::configuration);
    EXPECT_THAT(outcome.error, testing::ContainsRegex("pollhook\\.toml:3:[0-9]+: "));
}

TEST_F(ProgramTest, IsABinaryThatRefusesUnknownCommands)
{
    const Outcome outcome = run_binary({"statsu"});
    EXPECT_EQ(outcome.exit_code, exit_code::usage);
    EXPECT_THAT(outcome.error, HasSubstr(R"(did you mean "status"?)"));
    EXPECT_EQ(outcome.out, "");
}

TEST_F(ProgramTest, FailsWhenItsOutputCannotBeWritten)
{
    const Outcome outcome = run_binary({"version"}, "/dev/full");
    EXPECT_EQ(outcome.exit_code, exit_code::failed);
    EXPECT_THAT(outcome.error, HasSubstr("cannot write to standard output"));
}

TEST_F(ProgramTest, ShowsADemoThatEndsByItself)
{
    const Outcome outcome = run_binary({"demo", "--seconds", "2"});
    EXPECT_EQ(outcome.exit_code, exit_code::ok) << outcome.error;
    EXPECT_THAT(outcome.out, HasSubstr("tasks watched"));
    EXPECT_THAT(outcome.out, HasSubstr("relay   "));
    EXPECT_THAT(outcome.out, testing::Not(HasSubstr("\x1b")));
    EXPECT_EQ(outcome.error, "");
}

TEST_F(ProgramTest, ConfigCheckSpeaksJsonToo)
{
    const auto path = (directory_.path() / "pollhook.toml").string();
    std::ofstream(path) << "[[provider]]\nname = \"quick\"\ntype = \"ohmygpt\"\n"
                           "base_url = \"http://127.0.0.1:1\"\napi_key = \"sk-canary\"\n";
    const Outcome good = run({"config", "check", path, "-o", "json"});
    EXPECT_EQ(good.exit_code, exit_code::ok) << good.error;
    EXPECT_THAT(good.out, HasSubstr(R"("valid":true,"errors":[],"providers":["quick"],"sinks":[])"));
    EXPECT_THAT(good.out, testing::Not(HasSubstr("sk-canary")));

    std::ofstream(path, std::ios::app) << "base_ulr = 1\n";
    const Outcome bad = run({"config", "check", path, "--json"});
    EXPECT_EQ(bad.exit_code, exit_code::configuration);
    EXPECT_THAT(bad.out, HasSubstr(R"("valid":false,"errors":[{"file":)"));
    EXPECT_THAT(bad.out, HasSubstr(R"("line":6,"column":1,)"));
}

TEST_F(ProgramTest, BackupToADirectoryNamesAFile)
{
    const std::string directory = directory_.path().string();
    const Outcome backup = run({"db", "backup", directory});
    EXPECT_EQ(backup.exit_code, exit_code::bad_input);
    EXPECT_THAT(backup.error, HasSubstr(directory + " is a directory"));
    EXPECT_THAT(backup.error, HasSubstr("name a file in it: " + directory + "/pollhook.db"));
}

}  // namespace
}  // namespace pollhook::cli
