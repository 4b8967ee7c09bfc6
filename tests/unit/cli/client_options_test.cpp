#include "client_options.hpp"

#include "temporary_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <optional>
#include <string>

namespace pollhook::cli {
namespace {

class ClientOptionsTest : public testing::Test {
protected:
    /// A configuration of that text, named by POLLHOOK_CONFIG.
    void configure(const std::string& text)
    {
        const auto path = directory_.path() / "pollhook.toml";
        std::ofstream(path) << text;
        variables_["POLLHOOK_CONFIG"] = path.string();
    }

    ClientOptions resolve(const ClientFlags& flags = {}) const
    {
        return cli::resolve(flags, [this](const std::string& name) -> std::optional<std::string> {
            const auto found = variables_.find(name);
            return found == variables_.end() ? std::nullopt : std::optional(found->second);
        });
    }

    TemporaryDirectory directory_;
    std::map<std::string, std::string> variables_{{"HOME", "/nonexistent"}};
};

TEST_F(ClientOptionsTest, TakesTheAddressAndTokenFromTheConfiguration)
{
    configure("[admin]\nlisten = [\"127.0.0.1:9000\"]\ntoken = \"from-the-configuration\"\n");
    EXPECT_EQ(resolve().admin, "http://127.0.0.1:9000");
    EXPECT_EQ(resolve().token, "from-the-configuration");
}

TEST_F(ClientOptionsTest, PrefersTheCommandLineToTheEnvironmentAndBothToTheConfiguration)
{
    configure("[admin]\nlisten = [\"127.0.0.1:9000\"]\n");
    variables_["POLLHOOK_ADMIN"] = "http://127.0.0.1:9001";
    variables_["POLLHOOK_ADMIN_TOKEN"] = "from-the-environment";
    EXPECT_EQ(resolve().admin, "http://127.0.0.1:9001");
    EXPECT_EQ(resolve().token, "from-the-environment");
    ClientFlags flags;
    flags.admin = "127.0.0.1:9002";
    flags.token_file = directory_.path() / "token";
    std::ofstream(*flags.token_file) << "from-the-file\n";
    EXPECT_EQ(resolve(flags).admin, "http://127.0.0.1:9002");
    EXPECT_EQ(resolve(flags).token, "from-the-file");
}

TEST_F(ClientOptionsTest, KeepsTheConfiguredTokenFromOtherMachines)
{
    configure("[admin]\nlisten = [\"127.0.0.1:9000\"]\ntoken = \"from-the-configuration\"\n");
    ClientFlags flags;
    flags.admin = "http://192.0.2.1:9000";
    EXPECT_EQ(resolve(flags).token, "");
}

TEST_F(ClientOptionsTest, NeedsNoSecretThatOnlyTheDaemonMayRead)
{
    configure(
        "[admin]\nlisten = [\"unix:/run/pollhook/admin.sock\"]\ntoken = { credential = \"admin-token\" }\n"
    );
    EXPECT_EQ(resolve().admin, "unix:/run/pollhook/admin.sock");
    EXPECT_EQ(resolve().token, "");
}

TEST_F(ClientOptionsTest, ReachesAWildcardAddressByLoopback)
{
    configure("[admin]\nlisten = [\"0.0.0.0:9000\"]\ntoken = \"from-the-configuration\"\n");
    EXPECT_EQ(resolve().admin, "http://127.0.0.1:9000");
}

TEST_F(ClientOptionsTest, RefusesAWrongConfigurationUnlessTheAddressIsSaid)
{
    configure("[admin]\nlistn = []\n");
    EXPECT_THROW((void)resolve(), ConfigurationError);
    ClientFlags flags;
    flags.admin = "http://127.0.0.1:9002";
    EXPECT_EQ(resolve(flags).admin, "http://127.0.0.1:9002");
}

TEST_F(ClientOptionsTest, RefusesAPortThatNobodyKnows)
{
    configure("[admin]\nlisten = [\"127.0.0.1:0\"]\n");
    EXPECT_THROW((void)resolve(), ConfigurationError);
}

TEST_F(ClientOptionsTest, RefusesATokenFileThatIsNotThere)
{
    ClientFlags flags;
    flags.admin = "http://127.0.0.1:9002";
    flags.token_file = directory_.path() / "missing";
    EXPECT_THROW((void)resolve(flags), ConfigurationError);
}

}  // namespace
}  // namespace pollhook::cli
