#include "channel.hpp"

#include "header_lines.hpp"
#include "outcomes.hpp"
#include "pollhook/base/version.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace pollhook::sink {
namespace {

namespace asio = boost::asio;

constexpr int unauthorized = 401;
/// What a request gets that comes when all of its attempt's time is used up.
constexpr base::Duration least_time = std::chrono::milliseconds(1);

}  // namespace

struct Channel::Sent {
    http::Exchange exchange;
    std::optional<Outcome> failure;  ///< nothing was sent
};

Channel::Channel(http::Client& client, base::Clock& clock, ChannelOptions options)
    : client_(client),
      clock_(clock),
      options_(std::move(options))
{
}

Channel::~Channel()
{
    if (options_.route)
        client_.forget(*options_.route);
}

http::Request Channel::request_to(const http::Url& url) const
{
    http::Request request;
    request.method = "POST";
    request.origin = &url.origin;
    request.target = url.target;
    request.deadlines = options_.deadlines;
    request.response_limit = options_.response_limit;
    request.guard = options_.guard;
    request.route = options_.route.get();
    return request;
}

asio::awaitable<Outcome> Channel::post(
    const http::Url& url, std::string& fields, std::string_view body, base::TimePoint now
)
{
    fields += options_.fields.reveal();
    if (options_.tokens || options_.consent)
        return post_with_permission(url, fields, body, now);
    return post_plainly(url, fields, body, now);
}

/// The arguments belong to the caller of post(), who waits.
asio::awaitable<Outcome> Channel::post_plainly(
    const http::Url& url, const std::string& fields, std::string_view body, base::TimePoint now
)
{
    http::Request request = request_to(url);
    request.fields = fields;
    request.body = body;
    http::Exchange exchange = co_await client_.send(request);
    co_return to_outcome(std::move(exchange), now);
}

/// The arguments belong to the caller of post(), who waits.
asio::awaitable<Outcome> Channel::post_with_permission(
    const http::Url& url, std::string& fields, std::string_view body, base::TimePoint now
)
{
    const base::SteadyPoint start = clock_.steady_now();
    const base::SteadyPoint deadline = start + options_.deadlines.total;
    if (options_.consent) {
        Outcome no = co_await ask_for_consent(url, deadline, now);
        if (!no.error_class.empty()) {
            no.consent = options_.consent->word(clock_.steady_now());
            no.total = clock_.steady_now() - start;
            co_return no;
        }
        fields += options_.consent->origin_line();
    }
    http::Request request = request_to(url);
    request.body = body;
    Sent sent = co_await send(request, fields, deadline);
    Outcome outcome;
    if (sent.failure)
        outcome = std::move(*sent.failure);
    else
        outcome = to_outcome(std::move(sent.exchange), now);
    if (options_.consent) {
        options_.consent->note_delivery(outcome.http_status, clock_.steady_now());
        outcome.consent = options_.consent->word(clock_.steady_now());
    }
    outcome.total = clock_.steady_now() - start;
    co_return outcome;
}

/// Shows a token where there is a source of them; one that is not taken is replaced once. The arguments
/// belong to a caller who waits.
asio::awaitable<Channel::Sent> Channel::send(
    http::Request& request, std::string& fields, base::SteadyPoint deadline
)
{
    Sent sent;
    const std::size_t own = fields.size();
    for (bool again = false;; again = true) {
        TokenSource::Line line;
        fields.resize(own);
        if (options_.tokens) {
            TokenSource::Answer answer = co_await options_.tokens->token(deadline);
            if (!answer.line) {
                sent.failure = std::move(answer.failure);
                co_return sent;
            }
            line = std::move(answer.line);
            fields += line->reveal();
        }
        request.fields = fields;
        request.deadlines.total = std::max(deadline - clock_.steady_now(), least_time);
        sent.exchange = co_await client_.send(request);
        const bool refused = sent.exchange.response && sent.exchange.response->status == unauthorized;
        if (!line || again || !refused)
            co_return sent;
        options_.tokens->refuse(line);
    }
}

/// Without a class when consent is given. The arguments belong to a caller who waits.
asio::awaitable<Outcome> Channel::ask_for_consent(
    const http::Url& url, base::SteadyPoint deadline, base::TimePoint now
)
{
    Outcome answer;
    const base::SteadyPoint start = clock_.steady_now();
    const bool was_given = options_.consent->is_given(start);
    if (!options_.consent->is_due(start) || (was_given && asking_.is_taken()))
        co_return answer;
    // A question that gets no answer leaves time for a delivery that has its consent already.
    if (was_given)
        deadline = start + (deadline - start) / 2;
    const std::uint64_t seen = answers_;
    const bool mine = co_await asking_.take();
    if (!mine) {
        answer = cancelled();
        co_return answer;
    }
    if (answers_ == seen)
        answer = co_await ask(url, deadline, now);
    else if (!options_.consent->is_given(clock_.steady_now()))
        answer = refusal_;
    asking_.pass_on();
    if (!answer.cancelled && options_.consent->is_given(clock_.steady_now()))
        answer = Outcome();
    co_return answer;
}

asio::awaitable<Outcome> Channel::ask(const http::Url& url, base::SteadyPoint deadline, base::TimePoint now)
{
    std::string fields;
    append_field(fields, "User-Agent", base::user_agent());
    fields += options_.fields.reveal();
    fields += options_.consent->question();
    http::Request request = request_to(url);
    request.method = "OPTIONS";
    request.keep_fields = Consent::answer_fields;
    Sent sent = co_await send(request, fields, deadline);
    Outcome outcome;
    const bool is_answered = !sent.failure && sent.exchange.response.has_value();
    if (is_answered)
        outcome = options_.consent->read(*sent.exchange.response, clock_.steady_now(), now);
    else if (sent.failure)
        outcome = std::move(*sent.failure);
    else
        outcome = to_outcome(std::move(sent.exchange), now);
    if (!is_answered)
        options_.consent->postpone(clock_.steady_now());
    if (!outcome.cancelled) {
        ++answers_;
        refusal_ = outcome;
    }
    co_return outcome;
}

}  // namespace pollhook::sink
