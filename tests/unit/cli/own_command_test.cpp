#include "own_command.hpp"

#include "temporary_directory.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace pollhook::cli {
namespace {

class OwnCommandTest : public testing::Test {
protected:
    std::filesystem::path file(const std::string& name)
    {
        const std::filesystem::path path = directory_.path() / name;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path) << "a program";
        return path;
    }

    [[nodiscard]] std::string folder(const std::string& name) const
    {
        return (directory_.path() / name).string();
    }

    TemporaryDirectory directory_;
};

TEST_F(OwnCommandTest, IsTheBareNameWhereTheShellFindsThisVeryFile)
{
    const auto program = file("bin/pollhook");
    EXPECT_EQ(command_for(program, folder("bin"), folder("none") + ":" + folder("bin")), "pollhook");
}

TEST_F(OwnCommandTest, IsThePathWhenTheShellFindsAnother)
{
    file("bin/pollhook");
    const auto program = file("tree/build/release/pollhook");
    EXPECT_EQ(command_for(program, folder("tree"), folder("bin")), "build/release/pollhook");
    EXPECT_EQ(command_for(program, folder("elsewhere"), folder("bin")), program.string());
}

TEST_F(OwnCommandTest, NamesTheFolderThatOneStandsIn)
{
    EXPECT_EQ(command_for(file("here/pollhook"), folder("here"), ""), "./pollhook");
}

}  // namespace
}  // namespace pollhook::cli
