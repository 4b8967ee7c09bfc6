#include "pollhook/http/connector.hpp"

#include "client_fixture.hpp"
#include "pollhook/http/error.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <memory>
#include <optional>
#include <utility>

namespace pollhook::http {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

/// A network in which every look-up hangs.
class HungConnector final : public Connector {
public:
    explicit HungConnector(asio::io_context& loop) : never_(loop, asio::steady_timer::time_point::max()) {}

    asio::awaitable<base::Result<std::unique_ptr<Stream>>>
    connect(const Origin&, const AddressGuard*, const Route*, ConnectReport&) override
    {
        co_await asio::this_coro::throw_if_cancelled(false);
        boost::system::error_code ec;
        co_await never_.async_wait(asio::redirect_error(asio::use_awaitable, ec));
        co_return make_error_code(Errc::look_up_failed);
    }

private:
    asio::steady_timer never_;
};

class ConnectorTest : public ClientFixture {
protected:
    ConnectorTest()
    {
        client_ =
            std::make_unique<Client>(loop_, clock_, ClientOptions(), std::make_unique<HungConnector>(loop_));
    }

    void start(const Request& request)
    {
        asio::co_spawn(
            loop_,
            client_->send(request),
            asio::bind_cancellation_slot(
                cancellation_.slot(),
                [this](const std::exception_ptr& failure, Exchange exchange) {
                    EXPECT_FALSE(failure);
                    result_ = std::move(exchange);
                }
            )
        );
    }

    asio::cancellation_signal cancellation_;
    std::optional<Exchange> result_;
};

TEST_F(ConnectorTest, TheLookUpHasADeadlineOfItsOwn)
{
    Request request = post(origin_);
    request.deadlines.look_up = 20ms;
    const Exchange exchange = send(request);
    ASSERT_FALSE(exchange.response);
    EXPECT_EQ(exchange.response.error(), make_error_code(Errc::timed_out));
    EXPECT_EQ(exchange.detail, "the look-up of the host name took longer than 20ms");
}

TEST_F(ConnectorTest, TheTotalDeadlineCoversTheConnection)
{
    Request request = post(origin_);
    request.deadlines.total = 20ms;
    EXPECT_EQ(send(request).response.error(), make_error_code(Errc::timed_out));
}

TEST_F(ConnectorTest, CloseEndsAConnectionInTheMaking)
{
    const Request request = post(origin_);
    start(request);
    loop_.poll();
    run(client_->close());
    loop_.poll();
    ASSERT_TRUE(result_);
    EXPECT_EQ(result_->response.error(), make_error_code(Errc::cancelled));
}

TEST_F(ConnectorTest, CloseIsNotMissedByAConnectionThatIsJustBegun)
{
    const Request request = post(origin_);
    start(request);
    loop_.run_one();
    run(client_->close());
    loop_.poll();
    ASSERT_TRUE(result_);
    EXPECT_EQ(result_->response.error(), make_error_code(Errc::cancelled));
}

TEST_F(ConnectorTest, CancellationEndsAConnectionInTheMaking)
{
    const Request request = post(origin_);
    start(request);
    loop_.poll();
    cancellation_.emit(asio::cancellation_type::terminal);
    while (!result_)
        loop_.run_one();
    EXPECT_EQ(result_->response.error(), make_error_code(Errc::cancelled));
}

}  // namespace
}  // namespace pollhook::http
