#include "command_model.hpp"
#include "unit/cli/shell.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

// The scripts in the shells that they are for.

namespace pollhook::cli {
namespace {

using test::run_in_shell;
using test::Said;
using test::ScriptFile;

/// Offers for the last of `words`, one a line.
Said bash_offers(const std::vector<std::string>& words)
{
    std::string quoted;
    for (const std::string& word : words)
        quoted += " '" + word + "'";
    const ScriptFile script(
        "compopt() { :; }\n" + bash_completion(command_model()) + "COMP_WORDS=(" POLLHOOK_BINARY + quoted +
        ")\nCOMP_CWORD=" + std::to_string(words.size()) + "\n_pollhook\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n"
    );
    return run_in_shell("bash --norc --noprofile -u " + script.path());
}

/// What zsh would show: its own functions are replaced by ones that print what they are given.
Said zsh_offers(const std::vector<std::string>& words)
{
    std::string quoted;
    for (const std::string& word : words)
        quoted += " '" + word + "'";
    const ScriptFile script(
        "compdef() { :; }\ncompadd() { shift; print -l -- $@; }\n_files() { print FILES; }\n_message() { :; "
        "}\n"
        "_describe() { print -l -- ${(P)@[-1]}; }\n" +
        zsh_completion(command_model()) + "words=(" POLLHOOK_BINARY + quoted +
        ")\nCURRENT=" + std::to_string(words.size() + 1) + "\n_pollhook\n"
    );
    return run_in_shell("zsh -f " + script.path());
}

Said fish_offers(const std::string& line)
{
    const ScriptFile script(fish_completion(command_model()) + "complete -C '" + line + "'\n");
    return run_in_shell("fish --no-config " + script.path());
}

bool offers(const Said& said, const std::string& word)
{
    const std::string lines = "\n" + said.text;
    for (const char* end : {"\n", ":", "\t"})
        if (lines.find("\n" + word + end) != std::string::npos)
            return true;
    return false;
}

TEST(CompletionTest, BashOffersCommandsOptionsValuesAndFiles)
{
    EXPECT_TRUE(offers(bash_offers({""}), "task"));
    EXPECT_TRUE(offers(bash_offers({"ta"}), "task"));
    EXPECT_FALSE(offers(bash_offers({"ta"}), "run"));
    EXPECT_TRUE(offers(bash_offers({"task", ""}), "wait"));
    EXPECT_FALSE(offers(bash_offers({"task", ""}), "run"));
    EXPECT_TRUE(offers(bash_offers({"task", "wait", "--"}), "--timeout"));
    EXPECT_FALSE(offers(bash_offers({"task", "list", "--"}), "--timeout"));
    EXPECT_TRUE(offers(bash_offers({"task", "list", "--status", "fa"}), "failed"));
    EXPECT_TRUE(offers(bash_offers({"task", "list", "-o", ""}), "ndjson"));
    EXPECT_TRUE(offers(bash_offers({"completion", ""}), "fish"));
    EXPECT_TRUE(offers(bash_offers({"run", "-c", "/et"}), "/etc"));
    EXPECT_TRUE(offers(bash_offers({"config", "check", "/et"}), "/etc"));
    EXPECT_FALSE(offers(bash_offers({""}), "manual")) << "what is hidden stays so";
}

/// The program itself, with a configuration that names a provider and a sink.
class NamesTest : public ::testing::Test {
protected:
    NamesTest() { ::setenv("POLLHOOK_CONFIG", config_.path().c_str(), 1); }
    ~NamesTest() override { ::unsetenv("POLLHOOK_CONFIG"); }

    ScriptFile config_{
        "[[provider]]\nname = \"quick\"\ntype = \"midjourney-proxy\"\nbase_url = \"http://127.0.0.1:1\"\n"
        "api_key = { env = \"NOBODY_SET_THIS\" }\n"
        "[[sink]]\nname = \"ops\"\ntype = \"stdout\"\n",
        "toml"
    };
};

TEST_F(NamesTest, BashOffersWhatIsConfigured)
{
    EXPECT_TRUE(offers(bash_offers({"sink", "pause", ""}), "ops")) << bash_offers({"sink", "pause", ""}).text;
    EXPECT_TRUE(offers(bash_offers({"provider", "pause", "qu"}), "quick"));
    EXPECT_FALSE(offers(bash_offers({"provider", "pause", "x"}), "quick"));
    EXPECT_TRUE(offers(bash_offers({"task", "add", ""}), "quick"));
    EXPECT_TRUE(offers(bash_offers({"task", "list", "--provider", ""}), "quick"));
    EXPECT_TRUE(offers(bash_offers({"delivery", "list", "--sink", ""}), "ops"));
}

TEST_F(NamesTest, ZshOffersWhatIsConfigured)
{
    EXPECT_TRUE(offers(zsh_offers({"sink", "pause", ""}), "ops")) << zsh_offers({"sink", "pause", ""}).text;
    EXPECT_TRUE(offers(zsh_offers({"task", "list", "--provider", ""}), "quick"));
}

TEST_F(NamesTest, FishOffersWhatIsConfigured)
{
    const std::string program = POLLHOOK_BINARY;
    EXPECT_TRUE(offers(fish_offers(program + " sink pause "), "ops"))
        << fish_offers(program + " sink pause ").text;
    EXPECT_TRUE(offers(fish_offers(program + " task list --provider q"), "quick"));
}

TEST_F(NamesTest, TheConfigurationOnTheLineComesFirst)
{
    const ScriptFile other("[[sink]]\nname = \"elsewhere\"\ntype = \"stdout\"\n", "toml");
    const std::string file = other.path();
    for (const Said& said :
         {bash_offers({"sink", "pause", "-c", file, ""}),
          bash_offers({"sink", "pause", "--config", "=", file, ""}),
          bash_offers({"delivery", "list", "--config", file, "--sink", ""}),
          zsh_offers({"sink", "pause", "-c", file, ""}),
          zsh_offers({"sink", "pause", "--config=" + file, ""}),
          fish_offers(POLLHOOK_BINARY " sink pause -c " + file + " "),
          fish_offers(POLLHOOK_BINARY " sink pause --config=" + file + " ")}) {
        EXPECT_TRUE(offers(said, "elsewhere")) << said.text;
        EXPECT_FALSE(offers(said, "ops")) << said.text;
    }
}

TEST_F(NamesTest, WithoutAConfigurationNothingIsSaid)
{
    ::setenv("POLLHOOK_CONFIG", "/nonexistent/pollhook.toml", 1);
    const Said said = run_in_shell(POLLHOOK_BINARY " names sinks");
    EXPECT_EQ(said.exit_code, 0);
    EXPECT_EQ(said.text, "");
}

TEST(CompletionTest, TheBashScriptSaysNothingByItself)
{
    const ScriptFile script(bash_completion(command_model()));
    const Said said = run_in_shell(
        "bash --norc --noprofile -c 'set -u; source " + script.path() + "; complete -p pollhook'"
    );
    EXPECT_EQ(said.exit_code, 0);
    EXPECT_EQ(said.text, "complete -F _pollhook pollhook\n");
}

TEST(CompletionTest, ZshOffersCommandsOptionsValuesAndFiles)
{
    EXPECT_TRUE(offers(zsh_offers({""}), "task")) << zsh_offers({""}).text;
    EXPECT_TRUE(offers(zsh_offers({"task", ""}), "wait"));
    EXPECT_FALSE(offers(zsh_offers({"task", ""}), "run"));
    EXPECT_TRUE(offers(zsh_offers({"task", "wait", "--"}), "--timeout"));
    EXPECT_TRUE(offers(zsh_offers({"task", "list", "--status", ""}), "failed"));
    EXPECT_TRUE(offers(zsh_offers({"run", "-c", ""}), "FILES"));
    EXPECT_TRUE(offers(zsh_offers({"completion", ""}), "bash"));
    EXPECT_EQ(zsh_offers({"task", "show", "x"}).exit_code, 0);
}

TEST(CompletionTest, FishOffersCommandsOptionsValuesAndFiles)
{
    EXPECT_TRUE(offers(fish_offers("pollhook "), "task")) << fish_offers("pollhook ").text;
    EXPECT_TRUE(offers(fish_offers("pollhook task "), "wait"));
    EXPECT_FALSE(offers(fish_offers("pollhook task "), "run"));
    EXPECT_TRUE(offers(fish_offers("pollhook task wait --"), "--timeout"));
    EXPECT_TRUE(offers(fish_offers("pollhook task list --status f"), "failed"));
    EXPECT_TRUE(offers(fish_offers("pollhook completion "), "zsh"));
    EXPECT_TRUE(offers(fish_offers("pollhook config check /etc/host"), "/etc/hostname"));
}

TEST(ManualTest, ThePagesAreWellFormed)
{
    for (const std::string& page :
         {command_manual(command_model(), "November 21, 2026"), configuration_manual("November 21, 2026")}) {
        const ScriptFile file(page);
        const Said lint = run_in_shell("mandoc -T lint -W warning " + file.path());
        EXPECT_EQ(lint.exit_code, 0) << lint.text;
        const Said shown = run_in_shell("mandoc -T utf8 " + file.path());
        EXPECT_EQ(shown.exit_code, 0);
        EXPECT_GT(shown.text.size(), 5000U);
    }
}

TEST(ManualTest, TellsEveryCommandAndEveryKey)
{
    const std::string manual = command_manual(command_model(), "November 21, 2026");
    for (const char* wanted :
         {".Ss task wait\n", ".Ss db backup\n", "Fl \"\\&\\-older\\-than\"", "Ev POLLHOOK_ADMIN\n"})
        EXPECT_NE(manual.find(wanted), std::string::npos) << wanted;
    EXPECT_EQ(manual.find(".Ss manual\n"), std::string::npos);
    const std::string keys = configuration_manual("November 21, 2026");
    for (const char* wanted : {".Sh [[provider]]\n", "lost_after.misses", "max_requests_per_second"})
        EXPECT_NE(keys.find(wanted), std::string::npos) << wanted;
}

}  // namespace
}  // namespace pollhook::cli
