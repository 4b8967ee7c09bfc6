#include "client_fixture.hpp"
#include "hostile_answers.hpp"
#include "support/resident_memory.hpp"
#include "trusted_peer.hpp"

#include <unistd.h>

#include <cstddef>
#include <set>
#include <string>
#include <tuple>

namespace pollhook::http {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using test::read_request;
using test::send_bytes;

constexpr std::size_t response_limit = 64 * 1024;

/// Plain TCP or TLS, with a client that trusts the peer's authority.
class HostileAnswerFixture : public AuthorityFixture {
protected:
    void TearDown() override
    {
        ClientFixture::TearDown();
        run(tls_peer_.stop());
    }

    test::RawPeer& peer(Scheme scheme) { return scheme == Scheme::https ? tls_peer_ : peer_; }

    Exchange send_to(Scheme scheme, const HostileAnswer& hostile, bool whole_body)
    {
        const std::string body(hostile.request_size, 'x');
        const Origin origin = origin_of(scheme);
        Request request = post(origin, body);
        request.whole_body = whole_body;
        request.response_limit = response_limit;
        if (hostile.impatience == Impatience::head)
            request.deadlines.head = 40ms;
        if (hostile.impatience == Impatience::body)
            request.deadlines.body = 40ms;
        return send(request);
    }

    Origin origin_of(Scheme scheme)
    {
        Origin origin = peer(scheme).origin();
        origin.scheme = scheme;
        return origin;
    }

    asio::ssl::context context_ = issue("IP:127.0.0.1").server_context();
    test::RawPeer tls_peer_{loop_, context_};
};

using Case = std::tuple<Scheme, HostileAnswer>;

class HostileAnswerTest : public HostileAnswerFixture, public testing::WithParamInterface<Case> {
protected:
    /// What comes after a sound answer is the next one; after any other, whoever reads on is deceived.
    void expect_verdict(Scheme scheme, const HostileAnswer& hostile, const Verdict& verdict, bool whole_body)
    {
        SCOPED_TRACE(whole_body ? "for a relay" : "for a receiver");
        test::RawPeer::Script script = hostile.script;
        const bool keeps = hostile.keeps == Keeps::yes && !verdict.error;
        script.push_back(read_request());
        script.push_back(send_bytes(answer(keeps ? "next" : "stolen")));
        peer(scheme).expect_connection(script);
        if (!keeps)
            peer(scheme).expect_connection({read_request(), send_bytes(answer("next"))});

        const Exchange exchange = send_to(scheme, hostile, whole_body);
        if (verdict.error) {
            ASSERT_FALSE(exchange.response) << "status " << exchange.response->status;
            EXPECT_EQ(exchange.response.error(), make_error_code(*verdict.error)) << exchange.detail;
            EXPECT_FALSE(exchange.detail.empty());
        } else {
            ASSERT_TRUE(exchange.response) << exchange.detail;
            EXPECT_EQ(exchange.response->status, verdict.status);
            EXPECT_LE(exchange.response->body.size(), response_limit);
        }
        EXPECT_LE(exchange.detail.size(), 1000U);
        EXPECT_EQ(client_->counters().idle, keeps ? 1U : 0U);

        const Origin origin = origin_of(scheme);
        const Exchange next = send(post(origin));
        ASSERT_TRUE(next.response) << next.detail;
        EXPECT_EQ(next.response->body, "next");
        EXPECT_EQ(next.reused, keeps);
    }
};

TEST_P(HostileAnswerTest, GetsItsVerdictAndNeverTouchesTheNextExchange)
{
    const HostileAnswer& hostile = std::get<1>(GetParam());
    expect_verdict(std::get<0>(GetParam()), hostile, hostile.receiver, false);
}

TEST_P(HostileAnswerTest, GetsItsVerdictWhereTheWholeBodyIsNeeded)
{
    const HostileAnswer& hostile = std::get<1>(GetParam());
    expect_verdict(std::get<0>(GetParam()), hostile, hostile.relay, true);
}

std::string name_of(const testing::TestParamInfo<Case>& test)
{
    const bool is_tls = std::get<0>(test.param) == Scheme::https;
    return (is_tls ? "Tls" : "Tcp") + std::get<1>(test.param).name;
}

INSTANTIATE_TEST_SUITE_P(
    Peers,
    HostileAnswerTest,
    testing::Combine(testing::Values(Scheme::http, Scheme::https), testing::ValuesIn(hostile_answers())),
    name_of
);

TEST(HostileAnswersTest, AreManyAndEachHasItsName)
{
    std::set<std::string> names;
    for (const HostileAnswer& hostile : hostile_answers())
        names.insert(hostile.name);
    EXPECT_EQ(names.size(), hostile_answers().size());
    EXPECT_GE(names.size(), 57U);
}

TEST_F(HostileAnswerFixture, FloodsTakeNoMemory)
{
    std::vector<HostileAnswer> floods;
    for (HostileAnswer& hostile : hostile_answers()) {
        for (const test::PeerStep& step : hostile.script) {
            if (step.kind == test::PeerStep::Kind::send_forever)
                floods.push_back(hostile);
        }
    }
    ASSERT_GE(floods.size(), 6U);
    const auto flood_all = [&] {
        for (const Scheme scheme : {Scheme::http, Scheme::https}) {
            for (const HostileAnswer& flood : floods) {
                peer(scheme).expect_connection(flood.script);
                send_to(scheme, flood, false);
            }
        }
    };
    flood_all();  // what is only needed once
    const std::size_t before = test::resident_bytes(::getpid());
    for (int i = 0; i < 5; ++i)
        flood_all();
    EXPECT_LT(test::resident_bytes(::getpid()), before + (std::size_t{16} << 20U) + test::sanitizer_growth);
}

}  // namespace
}  // namespace pollhook::http
