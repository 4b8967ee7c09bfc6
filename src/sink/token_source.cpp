#include "token_source.hpp"

#include "outcomes.hpp"
#include "pollhook/base/version.hpp"
#include "pollhook/http/error.hpp"
#include "pollhook/http/retry_after.hpp"
#include "token_answer.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace pollhook::sink {
namespace {

namespace asio = boost::asio;

constexpr base::Duration longest_margin = std::chrono::minutes(1);
constexpr base::Duration failure_memory = std::chrono::seconds(1);
constexpr std::size_t answer_limit = 64 * 1024;
constexpr std::string_view error_class = "auth";

config::Secret request_fields(const config::SinkAuth& auth)
{
    std::string credentials = client_credentials(auth);
    std::string lines = fmt::format(
        "User-Agent: {}\r\nContent-Type: application/x-www-form-urlencoded\r\nAccept: application/json\r\n"
        "Authorization: {}\r\n",
        base::user_agent(),
        credentials
    );
    config::Secret kept{lines};
    ::OPENSSL_cleanse(credentials.data(), credentials.size());
    ::OPENSSL_cleanse(lines.data(), lines.size());
    return kept;
}

}  // namespace

TokenSource::TokenSource(http::Client& client, base::Clock& clock, Options options)
    : client_(client),
      clock_(clock),
      url_(std::move(options.url)),
      deadlines_(options.deadlines),
      route_(std::move(options.route)),
      fields_(request_fields(options.auth)),
      body_(token_request(options.auth))
{
}

TokenSource::~TokenSource()
{
    if (route_)
        client_.forget(*route_);
}

asio::awaitable<TokenSource::Answer> TokenSource::token(base::SteadyPoint deadline)
{
    Answer answer;
    // While somebody renews it early, the present one is still good.
    if (is_fresh() || (is_valid() && turn_.is_taken())) {
        answer.line = line_;
        co_return answer;
    }
    const std::uint64_t seen = answers_;
    const bool mine = co_await turn_.take();
    if (!mine) {
        answer.failure = cancelled();
        co_return answer;
    }
    const bool came_meanwhile = answers_ != seen && (line_ != nullptr || has_failed());
    bool answered = true;
    if (!came_meanwhile && !is_fresh() && clock_.steady_now() >= failed_until_) {
        const std::uint64_t before = answers_;
        co_await ask(deadline);
        answered = answers_ != before;
    }
    turn_.pass_on();
    if (!answered)
        answer.failure = cancelled();
    else if (is_valid() || !has_failed())
        answer.line = line_;
    else
        answer.failure = failure_;
    co_return answer;
}

void TokenSource::refuse(const Line& line)
{
    if (line_ == line)
        line_.reset();
}

asio::awaitable<void> TokenSource::ask(base::SteadyPoint deadline)
{
    http::Request request;
    request.method = "POST";
    request.origin = &url_.origin;
    request.target = url_.target;
    request.fields = fields_.reveal();
    request.body = body_;
    request.deadlines = deadlines_;
    request.deadlines.total = std::max(deadline - clock_.steady_now(), base::Duration(1));
    request.response_limit = answer_limit;
    request.whole_body = true;
    request.route = route_.get();
    const http::Exchange exchange = co_await client_.send(request);
    take(exchange);
}

void TokenSource::take(const http::Exchange& exchange)
{
    if (!exchange.response && exchange.response.error() == http::Errc::cancelled)
        return;
    ++answers_;
    if (!exchange.response) {
        const std::string reason =
            exchange.detail.empty() ? exchange.response.error().message() : exchange.detail;
        return fail(failure(std::string(error_class), "the token endpoint cannot be asked: " + reason));
    }
    const TokenAnswer answer = read_token(*exchange.response);
    if (answer.token.empty()) {
        Outcome outcome = failure(std::string(error_class), answer.problem);
        outcome.retry_after = http::retry_after(exchange.response->retry_after, clock_.now());
        return fail(std::move(outcome));
    }
    std::string line = fmt::format("Authorization: Bearer {}\r\n", answer.token.reveal());
    line_ = std::make_shared<const config::Secret>(line);
    ::OPENSSL_cleanse(line.data(), line.size());
    expiry_ = clock_.steady_now() + answer.lifetime;
    renewal_ = expiry_ - std::min(answer.lifetime / 5, longest_margin);
    failure_ = Outcome();
    failed_until_ = base::SteadyPoint::min();
}

void TokenSource::fail(Outcome failure)
{
    failure_ = std::move(failure);
    failed_until_ = clock_.steady_now() + failure_memory;
}

}  // namespace pollhook::sink
