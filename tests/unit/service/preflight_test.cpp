#include "pollhook/service/preflight.hpp"

#include "support/test_certificate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pollhook::service {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class PreflightTest : public testing::Test {
protected:
    PreflightTest()
    {
        std::string pattern = (std::filesystem::temp_directory_path() / "preflight-XXXXXX").string();
        directory_ = ::mkdtemp(pattern.data());
    }
    ~PreflightTest() override
    {
        std::error_code ignored;
        std::filesystem::remove_all(directory_, ignored);
    }

    std::string write(const std::string& name, std::string_view content) const
    {
        const std::filesystem::path file = directory_ / name;
        std::ofstream(file, std::ios::binary) << content;
        return file;
    }
    /// The texts of everything that is wrong with `text`, as file `t`.
    [[nodiscard]] std::vector<std::string> problems(const std::string& text) const
    {
        const auto environment = [](const std::string&) { return std::optional<std::string>(); };
        const std::string whole = "daemon.state_dir = '" + directory_.string() + "'\n" + text;
        const config::Loaded loaded =
            config::load_from_text(whole, "t", environment, config::MissingSecret::is_error, preflight);
        std::vector<std::string> out;
        if (loaded.has_error())
            for (const config::Diagnostic& diagnostic : loaded.error().all)
                out.push_back(diagnostic.text());
        return out;
    }
    [[nodiscard]] std::vector<std::string> problems_of_hook(const std::string& rest) const
    {
        return problems("[[sink]]\nname = 'a'\ntype = 'webhook'\n" + rest);
    }

    std::filesystem::path directory_;
};

TEST_F(PreflightTest, RefusesUrlsThatNobodyCouldReach)
{
    for (const std::string bad : {"http://a..b/", "http://h/%zz", "http://0x7f.0.0.1/", "http://127.1/"}) {
        EXPECT_THAT(
            problems_of_hook("url = '" + bad + "'\n"), ElementsAre(StartsWith("t:5:1: sink \"a\": url: "))
        ) << bad;
        EXPECT_THAT(
            problems("[[provider]]\nname = 'a'\ntype = 'ohmygpt'\napi_key = 'k'\nbase_url = '" + bad + "'\n"),
            ElementsAre(StartsWith("t:6:1: provider \"a\": base_url: "))
        ) << bad;
    }
    EXPECT_THAT(
        problems_of_hook("url = 'https://h'\nproxy = 'http://a..b:1'\n"),
        ElementsAre(StartsWith("t:6:1: sink \"a\": proxy: "))
    );
    EXPECT_THAT(
        problems_of_hook(
            "url = 'https://h'\nauth = { type = 'oauth2', token_url = 'https://a..b', client_id = "
            "'i', client_secret = 's' }\n"
        ),
        ElementsAre(StartsWith("t:6:27: sink \"a\": auth.token_url: "))
    );
    EXPECT_THAT(
        problems("[task_webhooks]\nproxy = 'http://a..b:1'\n"),
        ElementsAre(StartsWith("t:3:1: task_webhooks: proxy: "))
    );
    EXPECT_THAT(problems_of_hook("url = 'https://203.0.113.7.sslip.io:8443/x'\n"), IsEmpty());
}

TEST_F(PreflightTest, RefusesTlsFilesThatCannotBeUsed)
{
    const std::string url = "url = 'https://h'\n";
    const test::TestCertificate own({});
    const test::TestCertificate other({});
    const std::string garbage = write("garbage.pem", "no certificate\n");
    const std::string certificate = write("own.pem", own.certificate_pem());
    const std::string key = write("own.key", own.key_pem());
    const std::string other_key = write("other.key", other.key_pem());
    const auto identity = [&](const std::string& shown, const std::string& with) {
        return problems_of_hook(
            url + "tls = { certificate_file = '" + shown + "', key_file = '" + with + "' }\n"
        );
    };
    EXPECT_THAT(
        problems_of_hook(url + "tls.ca_file = '/nonexistent'\n"),
        ElementsAre("t:6:5: sink \"a\": ca_file /nonexistent: No such file or directory")
    );
    EXPECT_THAT(
        problems_of_hook(url + "tls.ca_file = '" + garbage + "'\n"),
        ElementsAre(AllOf(StartsWith("t:6:5: sink \"a\": ca_file "), HasSubstr("garbage.pem")))
    );
    EXPECT_THAT(identity(garbage, key), ElementsAre(StartsWith("t:6:9: sink \"a\": certificate_file ")));
    EXPECT_THAT(identity(certificate, "/nonexistent"), ElementsAre(HasSubstr(": key_file /nonexistent: ")));
    EXPECT_THAT(
        identity(certificate, other_key), ElementsAre(AllOf(HasSubstr(": key_file "), HasSubstr("mismatch")))
    );
    EXPECT_THAT(identity(certificate, key), IsEmpty());
}

TEST_F(PreflightTest, KeepsTheDaemonsOwnFilesToItself)
{
    EXPECT_THAT(problems("[store]\nfile = 'lock'\n"), ElementsAre(StartsWith("t:3:1: store: file: ")));
    EXPECT_THAT(problems("[store]\nfile = 'reserve'\n"), ElementsAre(StartsWith("t:3:1: store: file: ")));
    const auto file_sink = [&](const std::filesystem::path& path) {
        return problems("[[sink]]\nname = 'a'\ntype = 'file'\npath = '" + path.string() + "'\n");
    };
    for (const char* const own : {"pollhook.db", "pollhook.db-wal", "./pollhook.db-shm", "lock", "reserve"})
        EXPECT_THAT(file_sink(directory_ / own), ElementsAre(StartsWith("t:5:1: sink \"a\": path: "))) << own;
    write("pollhook.db", "");
    std::filesystem::create_symlink(directory_ / "pollhook.db", directory_ / "link");
    EXPECT_THAT(file_sink(directory_ / "link"), ElementsAre(StartsWith("t:5:1: sink \"a\": path: ")));
    EXPECT_THAT(file_sink(directory_ / "events.ndjson"), IsEmpty());
}

}  // namespace
}  // namespace pollhook::service
