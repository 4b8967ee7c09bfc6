#include "look_fixture.hpp"
#include "pollhook/base/random.hpp"
#include "pollhook/base/text.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <string>

namespace pollhook::provider {
namespace {

std::string fixture(const std::string& name)
{
    std::ifstream file(POLLHOOK_FIXTURES "/" + name);
    EXPECT_TRUE(file) << name;
    return {std::istreambuf_iterator<char>(file), {}};
}

/// One to eight small accidents: bytes changed, lost, doubled, or pieces of JSON in the wrong place.
std::string damaged(std::string text, base::Random& random)
{
    static constexpr std::array<std::string_view, 14> pieces{
        "\"", "\\", "{", "}", "[", "]", ",", ":", "null", "1e400", "\\u0000", "\xff", "\"status\":7,", "%"
    };
    const auto somewhere = [&] {
        return static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(text.size()) - 1));
    };
    const std::int64_t accidents = random.between(1, 8);
    for (std::int64_t i = 0; i < accidents && !text.empty(); ++i) {
        switch (random.between(0, 4)) {
            case 0: text[somewhere()] = static_cast<char>(random.between(0, 255)); break;
            case 1: text.erase(somewhere(), static_cast<std::size_t>(random.between(1, 20))); break;
            case 2: {
                const std::string copy = text.substr(somewhere(), 30);
                text.insert(somewhere(), copy);
                break;
            }
            case 3: text.insert(somewhere(), pieces[static_cast<std::size_t>(random.between(0, 13))]); break;
            default:
                if (random.between(0, 9) == 0)
                    text.resize(somewhere());
        }
    }
    return text;
}

class HostileAnswerTest : public LookFixture {
protected:
    /// Looks at many damaged versions of `good`, in which no task is finished.
    void look_at_damaged(const std::string& good, const std::vector<std::string>& ids, std::uint64_t seed)
    {
        constexpr int rounds = 1'500;
        base::Random random(seed);
        std::size_t readable = 0;
        for (int round = 0; round < rounds; ++round) {
            const std::string body = damaged(good, random);
            const LookResult result = look_at(json_answer(body), ids);
            readable += result.answer.observations.size();
            for (const task::Observation& seen : result.answer.observations) {
                ASSERT_NE(std::ranges::find(ids, seen.id), ids.end()) << body;
                ASSERT_FALSE(task::is_terminal(seen.status)) << body;
                ASSERT_GE(seen.progress, -1);
                ASSERT_LE(seen.progress, 100);
                const auto snapshot = provider().snapshot(seen.raw);
                ASSERT_TRUE(snapshot) << seen.raw;
                boost::system::error_code ec;
                ASSERT_TRUE(boost::json::parse(snapshot->upstream, ec).is_object()) << ec.message();
                ASSERT_TRUE(base::is_utf8(snapshot->upstream));
            }
            for (const std::string& id : result.answer.missing)
                ASSERT_EQ(std::ranges::count(result.answer.observations, id, &task::Observation::id), 0);
            if (result.failure) {
                ASSERT_TRUE(base::is_utf8(result.failure->detail));
            }
        }
        EXPECT_GT(readable, 100U) << "the accidents leave something to read";
    }
};

std::string unfinished(std::string text)
{
    for (std::size_t at = text.find("SUCCESS"); at != std::string::npos; at = text.find("SUCCESS"))
        text.replace(at, 7, "RUNNING");
    return text;
}

TEST_F(HostileAnswerTest, NeverMakesATaskOfTheProxyDialectEnd)
{
    settings_.type = config::ProviderType::midjourney_proxy;
    const std::string item = unfinished(fixture("quickrouter_task.json"));
    std::string good = "[" + item;
    good += R"(,{"id":"1743326750223591","status":"IN_PROGRESS","progress":"45%","failReason":""},)";
    good += R"({"id":"1743326750223592","status":"","progress":null}])";
    look_at_damaged(good, {"1730621826053455", "1743326750223591", "1743326750223592"}, 7);
}

TEST_F(HostileAnswerTest, NeverMakesAnOhmygptTaskEnd)
{
    settings_.type = config::ProviderType::ohmygpt;
    look_at_damaged(unfinished(fixture("ohmygpt_task.json")), {"20"}, 8);
}

TEST_F(HostileAnswerTest, StandsEndlessNesting)
{
    for (const auto type : {config::ProviderType::midjourney_proxy, config::ProviderType::ohmygpt}) {
        settings_.type = type;
        const auto relay = make_provider(settings_, clock_, client_);
        for (const std::string open : {"[", "{\"a\":", "[{\"a\":", "{\"data\":", "{\"data\":["}) {
            std::string body;
            while (body.size() < 1'000'000)
                body += open;
            script_ = [&](const http::ServerRequest&) { return json_answer(body); };
            const std::vector<std::string> ids{"7"};
            const LookResult result = run(relay->look(ids));
            EXPECT_TRUE(result.failure) << open;
            EXPECT_TRUE(result.answer.observations.empty()) << open;
            EXPECT_TRUE(result.answer.missing.empty()) << open;
        }
    }
}

}  // namespace
}  // namespace pollhook::provider
