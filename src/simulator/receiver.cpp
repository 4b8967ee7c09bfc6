#include "pollhook/simulator/receiver.hpp"

#include "base_url.hpp"
#include "fault_answer.hpp"
#include "pollhook/http/problem.hpp"
#include "pollhook/simulator/faults.hpp"

#include <boost/json.hpp>

#include <charconv>
#include <utility>

namespace pollhook::simulator {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

std::optional<std::int64_t> parse_integer(std::string_view text)
{
    std::int64_t number = 0;
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || bad != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return number;
}

/// Fills `text` from a string member when it is still empty.
void complete(std::string& text, const json::object& object, std::string_view member)
{
    const json::value* value = object.if_contains(member);
    if (text.empty() && value && value->is_string())
        text = std::string(value->get_string());
}

void read_body(Receipt& receipt)
{
    json::error_code ec;
    const json::value body = json::parse(receipt.body, ec);
    if (ec || !body.is_object())
        return;
    complete(receipt.type, body.get_object(), "type");
    const json::value* data = body.get_object().if_contains("data");
    if (!data || !data->is_object())
        return;
    complete(receipt.provider, data->get_object(), "provider");
    complete(receipt.task, data->get_object(), "id");
    const json::value* sequence = data->get_object().if_contains("sequence");
    if (!receipt.sequence && sequence && sequence->is_int64())
        receipt.sequence = sequence->get_int64();
}

json::value number_or_null(const std::optional<std::int64_t>& number)
{
    return number ? json::value(*number) : json::value();
}

json::value text_or_null(const std::string& text)
{
    return text.empty() ? json::value() : json::value(text);
}

}  // namespace

std::string receipt_line(const Receipt& receipt)
{
    json::object line;
    line["receivedAt"] = base::format_rfc3339(receipt.received_at);
    line["verified"] = receipt.verdict ? json::value(*receipt.verdict == Verdict::genuine) : json::value();
    line["id"] = text_or_null(receipt.id);
    line["type"] = text_or_null(receipt.type);
    line["provider"] = text_or_null(receipt.provider);
    line["task"] = text_or_null(receipt.task);
    line["sequence"] = number_or_null(receipt.sequence);
    line["attempt"] = number_or_null(receipt.attempt);
    line["status"] = receipt.status;
    json::error_code ec;
    json::value body = json::parse(receipt.body, ec);
    line["body"] = ec ? json::value(receipt.body) : std::move(body);
    return json::serialize(line);
}

class Receiver::Impl {
public:
    Impl(asio::io_context& loop, base::Clock& clock, ReceiverOptions options)
        : clock_(clock),
          options_(std::move(options)),
          verifier_(options_.secrets, options_.timestamp_tolerance),
          server_(loop, clock, server_options(options_), [this](const http::ServerRequest& request) {
              return respond(request);
          })
    {
        set_failures(options_.failures);
    }

    void set_failures(const std::vector<std::string>& specs)
    {
        failures_ = Faults::parse(specs, FaultSide::receiver, options_.seed);
    }

    http::Server& server() noexcept { return server_; }
    const std::deque<Receipt>& receipts() const noexcept { return receipts_; }
    std::size_t received() const noexcept { return received_; }

private:
    static http::ServerOptions server_options(const ReceiverOptions& options)
    {
        http::ServerOptions result;
        result.listen = options.listen;
        result.max_connections = options.max_connections;
        result.request_timeout = std::chrono::minutes(10);  // longer than a slow failure
        return result;
    }

    asio::awaitable<http::ServerResponse> respond(const http::ServerRequest& request);
    Receipt read(const http::ServerRequest& request) const;
    void keep(Receipt receipt);

    base::Clock& clock_;
    ReceiverOptions options_;
    WebhookVerifier verifier_;
    Faults failures_;
    std::deque<Receipt> receipts_;
    std::size_t received_ = 0;
    http::Server server_;
};

/// `request` lives until this completes.
asio::awaitable<http::ServerResponse> Receiver::Impl::respond(const http::ServerRequest& request)
{
    if (request.method != "POST") {
        http::ServerResponse refusal = http::problem(405, "webhooks come by POST");
        refusal.fields.emplace_back("Allow", "POST");
        co_return refusal;
    }
    Receipt receipt = read(request);
    http::ServerResponse response;
    response.status = 204;
    if (receipt.verdict && *receipt.verdict != Verdict::genuine)
        response = http::problem(401, name(*receipt.verdict));

    const base::Duration delay = failures_.delay();
    if (const std::optional<Fault> failure = failures_.answer_fault()) {
        if (failure->kind == FaultKind::truncate) {
            response.status = 200;
            response.body = R"({"received":true})";
        }
        response = fault_answer(*failure, Dialect::receiver, std::move(response));
    }
    using http::Disruption;
    const bool silent = response.disruption == Disruption::reset || response.disruption == Disruption::hang;
    receipt.status = silent ? 0 : response.status;
    keep(std::move(receipt));
    if (delay > base::Duration::zero())
        co_await clock_.sleep_for(delay);
    co_return response;
}

Receipt Receiver::Impl::read(const http::ServerRequest& request) const
{
    Receipt receipt;
    receipt.received_at = clock_.now();
    receipt.destination = request.target;
    receipt.fields = request.fields;
    receipt.body = request.body;
    receipt.id = std::string(request.field("webhook-id"));
    receipt.type = std::string(request.field("pollhook-event"));
    receipt.provider = std::string(request.field("pollhook-provider"));
    receipt.task = std::string(request.field("pollhook-task"));
    receipt.sequence = parse_integer(request.field("pollhook-sequence"));
    receipt.attempt = parse_integer(request.field("pollhook-attempt"));
    read_body(receipt);
    if (!options_.secrets.empty())
        receipt.verdict = verifier_.verify(
            receipt.id,
            request.field("webhook-timestamp"),
            request.field("webhook-signature"),
            receipt.body,
            receipt.received_at
        );
    if (!options_.hub_secret.empty() && receipt.verdict.value_or(Verdict::genuine) == Verdict::genuine) {
        const std::string_view signature = request.field("x-hub-signature-256");
        if (signature.empty())
            receipt.verdict = Verdict::missing_fields;
        else if (verify_hub(options_.hub_secret, receipt.body, signature))
            receipt.verdict = Verdict::genuine;
        else
            receipt.verdict = Verdict::no_match;
    }
    return receipt;
}

void Receiver::Impl::keep(Receipt receipt)
{
    ++received_;
    if (options_.on_receipt)
        options_.on_receipt(receipt);
    receipts_.push_back(std::move(receipt));
    while (receipts_.size() > options_.max_receipts)
        receipts_.pop_front();
}

Receiver::Receiver(asio::io_context& loop, base::Clock& clock, ReceiverOptions options)
    : impl_(std::make_unique<Impl>(loop, clock, std::move(options)))
{
}

Receiver::~Receiver() = default;

void Receiver::open()
{
    impl_->server().open();
}

asio::ip::tcp::endpoint Receiver::endpoint() const
{
    const auto endpoints = impl_->server().endpoints();
    return endpoints.empty() ? asio::ip::tcp::endpoint() : endpoints.front();
}

std::string Receiver::base_url() const
{
    return base_url_of(endpoint());
}

asio::awaitable<void> Receiver::run()
{
    return impl_->server().run();
}

asio::awaitable<void> Receiver::stop(base::Duration grace)
{
    return impl_->server().stop(grace);
}

void Receiver::set_failures(const std::vector<std::string>& specs)
{
    impl_->set_failures(specs);
}

const std::deque<Receipt>& Receiver::receipts() const noexcept
{
    return impl_->receipts();
}

std::size_t Receiver::received() const noexcept
{
    return impl_->received();
}

}  // namespace pollhook::simulator
