#include "captured.hpp"
#include "exit_code.hpp"
#include "pollhook/store/sqlite_store.hpp"
#include "program.hpp"
#include "temporary_directory.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace pollhook::cli {
namespace {

using testing::HasSubstr;

class DatabaseCommandsTest : public testing::Test {
protected:
    DatabaseCommandsTest()
    {
        boost::asio::io_context loop(1);
        store::SqliteOptions options;
        options.directory = directory_.path();
        const store::SqliteStore made(loop.get_executor(), options);
    }

    [[nodiscard]] std::string file() const { return (directory_.path() / "pollhook.db").string(); }
    void execute(const char* sql) const
    {
        sqlite3* database = nullptr;
        ASSERT_EQ(sqlite3_open(file().c_str(), &database), SQLITE_OK);
        EXPECT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK);
        sqlite3_close(database);
    }
    void break_it() const
    {
        execute(
            "INSERT INTO tasks (provider, task_id, sequence, registered_at, changed_at)"
            " VALUES ('relay', 'a', 3, 0, 0)"
        );
    }

    TemporaryDirectory directory_;
};

TEST_F(DatabaseCommandsTest, AGoodDatabaseGivesZero)
{
    const Result captured =
        run_command([&] { return run_program(std::vector<std::string>{"db", "check", file()}); });
    EXPECT_EQ(captured.code, exit_code::ok);
    EXPECT_THAT(captured.out, HasSubstr(": ok, 0 tasks, 0 steps, 0 deliveries\n"));
}

TEST_F(DatabaseCommandsTest, ABrokenOneGivesOneAndTellsWhatAndWhere)
{
    break_it();
    const Result captured =
        run_command([&] { return run_program(std::vector<std::string>{"db", "check", file()}); });
    EXPECT_EQ(captured.code, exit_code::failed);
    EXPECT_THAT(captured.out, HasSubstr("I2"));
    EXPECT_THAT(captured.out, HasSubstr("the task counts 3 steps, the last one there is 0"));
    EXPECT_THAT(captured.out, HasSubstr(": 1 violations"));
}

TEST_F(DatabaseCommandsTest, JsonNamesTheRows)
{
    break_it();
    const Result captured = run_command([&] {
        return run_program(std::vector<std::string>{"db", "check", file(), "-o", "json"});
    });
    EXPECT_EQ(captured.code, exit_code::failed);
    const boost::json::value report = boost::json::parse(captured.out);
    EXPECT_EQ(report.at("tasks").as_int64(), 1);
    const boost::json::value& violation = report.at("violations").at(0);
    EXPECT_EQ(violation.at("invariant").as_string(), "I2");
    EXPECT_EQ(violation.at("provider").as_string(), "relay");
    EXPECT_EQ(violation.at("id").as_string(), "a");
    EXPECT_EQ(violation.at("taskRow").as_int64(), 1);
    EXPECT_TRUE(violation.at("sink").is_null());
}

TEST_F(DatabaseCommandsTest, TheConfigurationSaysWhereItIs)
{
    const auto config = directory_.path() / "pollhook.toml";
    std::ofstream(config) << "[daemon]\nstate_dir = \"" << directory_.path().string() << "\"\n";
    const Result captured = run_command([&] {
        return run_program(std::vector<std::string>{"db", "check", "-c", config.string()});
    });
    EXPECT_EQ(captured.code, exit_code::ok) << captured.error;
}

TEST_F(DatabaseCommandsTest, WhatIsNoDatabaseGives65)
{
    const auto text = directory_.path() / "text";
    std::ofstream(text) << std::string(8192, 'x');
    for (const std::string& name : {text.string(), (directory_.path() / "missing").string()}) {
        const Result captured =
            run_command([&] { return run_program(std::vector<std::string>{"db", "check", name}); });
        EXPECT_EQ(captured.code, exit_code::bad_input);
        EXPECT_THAT(captured.error, HasSubstr("pollhook: error: "));
        EXPECT_THAT(captured.out, testing::IsEmpty());
    }
}

TEST_F(DatabaseCommandsTest, AnOlderSchemaIsLeftToTheDaemon)
{
    execute("PRAGMA user_version = 1");
    const Result captured =
        run_command([&] { return run_program(std::vector<std::string>{"db", "check", file()}); });
    EXPECT_EQ(captured.code, exit_code::bad_input);
    EXPECT_THAT(captured.error, HasSubstr("the daemon brings it to"));
}

TEST_F(DatabaseCommandsTest, ItAsksNoDaemon)
{
    const Result captured = run_command([&] {
        return run_program(std::vector<std::string>{"db", "check", file(), "--admin", "http://127.0.0.1:1"});
    });
    EXPECT_EQ(captured.code, exit_code::usage);
}

}  // namespace
}  // namespace pollhook::cli
