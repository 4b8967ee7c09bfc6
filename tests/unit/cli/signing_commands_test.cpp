#include "exit_code.hpp"
#include "program.hpp"
#include "temporary_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace pollhook::cli {
namespace {

using testing::HasSubstr;

// The vectors of Standard Webhooks' reference libraries.
const std::string secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const std::string signing_key = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbc=";
const std::string public_key = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";
const std::string id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const std::string body = R"({"test": 2432232314})";
const std::string v1 = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
const std::string v1a =
    "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==";

class SigningCommandsTest : public testing::Test {
protected:
    struct Outcome {
        int exit_code = -1;
        std::string out;
        std::string error;
    };

    SigningCommandsTest() { ::unsetenv("POLLHOOK_SECRET"); }
    ~SigningCommandsTest() override { ::unsetenv("POLLHOOK_SECRET"); }

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

    std::string write(const std::string& name, const std::string& text) const
    {
        const auto path = directory_.path() / name;
        std::ofstream(path, std::ios::binary) << text;
        return path.string();
    }

    /// Signs the vector's bytes with the keys of this file.
    Outcome sign(const std::string& keys) const
    {
        return run(
            {"sign",
             "--secret-file",
             write("keys", keys),
             "--id",
             id,
             "--timestamp",
             "1614265330",
             "--body-file",
             write("body", body)}
        );
    }

    /// Verifies what was signed just now, with further arguments.
    Outcome verify(const std::string& headers, const std::vector<std::string>& more) const
    {
        std::vector<std::string> arguments{
            "verify", "--headers-file", write("headers", headers), "--body-file", write("body", body)
        };
        arguments.insert(arguments.end(), more.begin(), more.end());
        return run(arguments);
    }

    const TemporaryDirectory directory_;
};

std::vector<std::string> lines_of(const std::string& text)
{
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);)
        lines.push_back(line);
    return lines;
}

TEST_F(SigningCommandsTest, SignPrintsTheHeadersOfThePublishedVectors)
{
    const Outcome by_secret = sign(secret + "\n");
    EXPECT_EQ(by_secret.exit_code, exit_code::ok) << by_secret.error;
    EXPECT_EQ(
        by_secret.out,
        "webhook-id: " + id + "\nwebhook-timestamp: 1614265330\nwebhook-signature: " + v1 + "\n"
    );
    EXPECT_THAT(sign(secret + "\n" + signing_key + "\n").out, HasSubstr(v1 + " " + v1a + "\n"));
}

TEST_F(SigningCommandsTest, SignTakesTheSecretFromTheEnvironment)
{
    ::setenv("POLLHOOK_SECRET", secret.c_str(), 1);
    const std::string file = write("body", body);
    const Outcome outcome = run({"sign", "--id", id, "--timestamp", "1614265330", "--body-file", file});
    EXPECT_THAT(outcome.out, HasSubstr(v1));
}

TEST_F(SigningCommandsTest, SignSaysWhatIsWrong)
{
    const Outcome none = run({"sign", "--body-file", write("body", body)});
    EXPECT_EQ(none.exit_code, exit_code::usage);
    EXPECT_THAT(none.error, HasSubstr("--secret-file"));
    EXPECT_EQ(sign("whsec_short\n").exit_code, exit_code::bad_input);
    const Outcome alone = sign(signing_key + "\n");
    EXPECT_EQ(alone.exit_code, exit_code::bad_input);
    EXPECT_THAT(alone.error, HasSubstr("beside v1"));
    EXPECT_THAT(alone.error, testing::Not(HasSubstr(signing_key)));
    EXPECT_EQ(run({"sign", "--secret-file", "/nowhere/key"}).exit_code, exit_code::bad_input);
    EXPECT_EQ(
        run({"sign", "--secret-file", write("keys", secret), "--body-file", "/nowhere/body"}).exit_code,
        exit_code::bad_input
    );
    EXPECT_EQ(run({"sign", "--id", "a.b"}).exit_code, exit_code::usage);
    EXPECT_EQ(run({"sign", "--asymmetric"}).exit_code, exit_code::usage);
    EXPECT_EQ(run({"sign", "--secret", secret}).exit_code, exit_code::usage);
}

TEST_F(SigningCommandsTest, GeneratedKeysSignAndVerify)
{
    const std::vector<std::string> first = lines_of(run({"sign", "--generate"}).out);
    const std::vector<std::string> pair = lines_of(run({"sign", "--generate", "--asymmetric"}).out);
    ASSERT_EQ(first.size(), 1U);
    ASSERT_EQ(pair.size(), 2U);
    EXPECT_NE(first, lines_of(run({"sign", "--generate"}).out));
    const std::string keys = write("generated", first[0] + "\n" + pair[0] + "\n" + pair[1] + "\n");
    const Outcome headers = run({"sign", "--secret-file", keys, "--body-file", write("body", body)});
    EXPECT_EQ(headers.exit_code, exit_code::ok) << headers.error;
    EXPECT_EQ(verify(headers.out, {"--secret-file", keys}).out, "genuine\n");
    EXPECT_EQ(verify(headers.out, {"--public-key", pair[1]}).out, "genuine\n");
    const Outcome other = verify(headers.out, {"--public-key", public_key});
    EXPECT_EQ(other.exit_code, exit_code::failed);
    EXPECT_EQ(other.out, "");
    EXPECT_THAT(other.error, HasSubstr("not genuine: no signature fits"));
}

TEST_F(SigningCommandsTest, VerifyReadsHeadersFromAFileOrOptions)
{
    const std::string keys = write("verify-keys", secret);
    const std::string headers = "POST /hook HTTP/1.1\r\nWebhook-Id: " + id +
                                "\r\nWEBHOOK-TIMESTAMP:1614265330\r\nwebhook-signature: " + v1 + "\r\n";
    // The vector is from 2021.
    const std::vector<std::string> old{"--secret-file", keys, "--tolerance", "36500d"};
    EXPECT_EQ(verify(headers, old).out, "genuine\n");
    EXPECT_EQ(
        run({"verify",
             "--secret-file",
             keys,
             "--tolerance",
             "36500d",
             "--id",
             id,
             "--timestamp",
             "1614265330",
             "--signature",
             v1,
             "--body-file",
             write("body", body)})
            .out,
        "genuine\n"
    );
}

TEST_F(SigningCommandsTest, VerifyGivesTheReason)
{
    const std::string keys = write("verify-keys", secret);
    const std::string headers =
        "webhook-id: " + id + "\nwebhook-timestamp: 1614265330\nwebhook-signature: " + v1 + "\n";
    const Outcome late = verify(headers, {"--secret-file", keys});
    EXPECT_EQ(late.exit_code, exit_code::failed);
    EXPECT_THAT(late.error, HasSubstr("not genuine: it is older than 5m"));
    EXPECT_THAT(
        verify(headers, {"--secret-file", keys, "--timestamp", "99999999999"}).error,
        HasSubstr("later than 5m ahead")
    );
    EXPECT_THAT(
        verify(headers, {"--secret-file", keys, "--timestamp", "soon"}).error,
        HasSubstr("not a number of seconds")
    );
    EXPECT_THAT(verify("webhook-id: x\n", {"--secret-file", keys}).error, HasSubstr("is missing"));
    EXPECT_EQ(verify(headers, {}).exit_code, exit_code::usage);
    EXPECT_EQ(verify(headers, {"--public-key", "whpk_AAAA"}).exit_code, exit_code::bad_input);
    EXPECT_EQ(verify(headers, {"--secret-file", keys, "--tolerance", "soon"}).exit_code, exit_code::usage);
}

TEST_F(SigningCommandsTest, SpeaksJsonToo)
{
    const Outcome made = run(
        {"sign",
         "--secret-file",
         write("keys", secret),
         "--id",
         id,
         "--timestamp",
         "1",
         "--body-file",
         write("body", body),
         "--json"}
    );
    EXPECT_EQ(made.exit_code, 0) << made.error;
    EXPECT_THAT(
        made.out,
        HasSubstr(
            R"({"headers":{"webhook-id":")" + id + R"(","webhook-timestamp":"1","webhook-signature":"v1,)"
        )
    );
    EXPECT_THAT(run({"sign", "--generate", "-o", "json"}).out, testing::StartsWith(R"({"secret":"whsec_)"));
    EXPECT_THAT(
        run({"sign", "--generate", "--asymmetric", "-o", "json"}).out,
        testing::ContainsRegex(R"(\{"signingKey":"whsk_.*","publicKey":"whpk_)")
    );
}

}  // namespace
}  // namespace pollhook::cli
