#include "receiver_host.hpp"

#include "scenario.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <span>
#include <utility>

namespace pollhook::simulation {

namespace json = boost::json;

namespace {

constexpr std::string_view cloudevents_prefix = "io.pollhook.";
/// The wall clock jumps by days here, and what was signed before arrives afterwards.
constexpr base::Duration tolerance = std::chrono::days(3650);
constexpr std::array errors{400, 401, 403, 404, 413, 301, 307, 500, 500, 500, 502, 504};

std::int64_t number(std::string_view text)
{
    std::int64_t value = -1;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

}  // namespace

ReceiverHost::ReceiverHost(Surroundings surroundings, const std::string& secret, std::uint64_t seed)
    : with_(surroundings),
      verifier_(std::span(&secret, 1), tolerance),
      random_(seed)
{
}

Reply ReceiverHost::serve(const Call& call)
{
    check(call);
    const std::vector<Receipt*> receipts = read(call);
    Reply reply;
    reply.response = answer();
    const bool is_silent = reply.response.disruption == http::Disruption::reset ||
                           reply.response.disruption == http::Disruption::hang;
    for (Receipt* const receipt : receipts) {
        receipt->status = is_silent ? 0 : reply.response.status;
        for (const auto& [name, value] : reply.response.fields)
            if (name == "Retry-After")
                receipt->retry_after = std::chrono::seconds(number(value));
        note(*receipt);
    }
    reply.pause = base::Duration(random_.between(0, 30));
    if (random_.unit() < mood_.late)
        reply.pause = base::Duration(random_.between(1'000, 40'000));
    reply.on_head_arrived = [this, receipts] {
        for (Receipt* const receipt : receipts) {
            receipt->answered_at = with_.timeline->now();
            if (receipt->status >= 300)
                with_.trace->note(
                    "refused {} {} answer={}", receipt->destination, receipt->event_id, receipt->status
                );
        }
    };
    return reply;
}

void ReceiverHost::note(const Receipt& receipt) const
{
    with_.trace->note(
        "webhook {} {} {} sequence={} attempt={} bytes={} answer={} retry_after={}",
        receipt.destination,
        receipt.event_id,
        receipt.type,
        receipt.sequence,
        receipt.attempt,
        receipt.body.size(),
        receipt.status,
        receipt.retry_after ? base::format_duration(*receipt.retry_after) : "-"
    );
}

std::vector<Receipt*> ReceiverHost::read(const Call& call)
{
    const http::ServerRequest& request = call.request;
    Receipt receipt;
    receipt.at = with_.timeline->now();
    receipt.sent_at = call.sent_at;
    receipt.boot = call.boot;
    receipt.on_new_connection = call.is_first;
    receipt.destination = std::string(call.host) + request.path;
    if (!request.field("content-type").starts_with("application/cloudevents-batch+json")) {
        receipt.event_id = request.field("webhook-id");
        receipt.type = request.field("pollhook-event");
        receipt.sequence = number(request.field("pollhook-sequence"));
        receipt.attempt = number(request.field("pollhook-attempt"));
        receipt.body = request.body;
        return {&with_.ledger->emplace_back(std::move(receipt))};
    }
    std::vector<Receipt*> receipts;
    const json::value batch = json::parse(request.body);
    for (const json::value& event : batch.as_array()) {
        receipt.event_id = event.at("id").as_string();
        receipt.type = std::string_view(event.at("type").as_string()).substr(cloudevents_prefix.size());
        receipt.sequence = event.at("data").at("sequence").as_int64();
        receipt.body = json::serialize(event);
        receipts.push_back(&with_.ledger->emplace_back(receipt));
    }
    return receipts;
}

void ReceiverHost::check(const Call& call) const
{
    const http::ServerRequest& request = call.request;
    const std::string_view id = request.field("webhook-id");
    const simulator::Verdict verdict = verifier_.verify(
        id,
        request.field("webhook-timestamp"),
        request.field("webhook-signature"),
        request.body,
        with_.timeline->wall()
    );
    if (verdict != simulator::Verdict::genuine)
        with_.violations->add("I5", fmt::format("{} at {}: signature {}", id, call.host, name(verdict)));
    if (call.address == boost::asio::ip::make_address(private_address))
        with_.violations->add("I13", fmt::format("{} was reached at {}", call.host, private_address));
    if (const std::string leak = with_.canaries->leak_in(call.bytes, call.host); !leak.empty())
        with_.violations->add("I12", fmt::format("{} saw {}", call.host, leak));
}

http::ServerResponse ReceiverHost::answer()
{
    http::ServerResponse response;
    response.status = random_.unit() < 0.7 ? 204 : 200;
    response.content_type = "text/plain";
    if (response.status == 200)
        response.body = "thank you";
    // One draw decides, so that the odds add up.
    double draw = random_.unit();
    const auto strikes = [&draw](double odds) {
        draw -= odds;
        return draw < 0 && draw >= -odds;
    };
    if (strikes(mood_.error)) {
        response.status = errors.at(static_cast<std::size_t>(random_.between(0, errors.size() - 1)));
        response.body = "no";
    } else if (strikes(mood_.overload)) {
        response.status = random_.unit() < 0.5 ? 429 : 503;
        response.body = "later";
        if (random_.unit() < 0.8)
            response.fields.emplace_back("Retry-After", std::to_string(random_.between(1, 90)));
    } else if (strikes(mood_.gone)) {
        response.status = 410;
        response.body = "gone";
    } else if (strikes(mood_.reset)) {
        response.disruption = http::Disruption::reset;
    } else if (strikes(mood_.hang)) {
        response.disruption = http::Disruption::hang;
    } else if (strikes(mood_.cut)) {
        response.status = 200;
        response.body = R"({"received":true})";
        response.disruption = http::Disruption::close_midway;
    }
    return response;
}

}  // namespace pollhook::simulation
