#include "sink_check.hpp"

#include "pollhook/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace pollhook::config {
namespace {

/// A key that means nothing without another one.
void check_needs(const Places& places, std::string_view key, std::string_view other, Report& report)
{
    if (places.contains(key) && !places.contains(other))
        report.add(place_in(places, key), fmt::format("\"{}\" needs a \"{}\" beside it", key, other));
}

bool has_header(const Sink& sink, std::string_view name)
{
    return std::ranges::any_of(sink.headers, [&](const Header& header) {
        return base::equals_ignoring_case(header.name, name);
    });
}

bool is_webhook(const Sink& sink, const Places& places)
{
    return sink.type == SinkType::webhook && places.contains("type");
}

void check_format(const Sink& sink, const Places& places, Report& report)
{
    if (sink.format == Format::cloudevents_binary && places.contains("type") &&
        sink.type != SinkType::webhook)
        report.add(
            place_in(places, "format"),
            fmt::format(
                "the format \"cloudevents-binary\" does not fit the type \"{}\"", to_string(sink.type)
            ),
            "it needs headers; use \"cloudevents\""
        );
    if (!is_webhook(sink, places))
        return;
    if (places.contains("batch") && sink.format != Format::cloudevents)
        report.add(
            place_in(places, "batch"),
            fmt::format("\"batch\" does not fit the format \"{}\"", to_string(sink.format)),
            "only \"cloudevents\" has batches"
        );
    if (places.contains("batch") && !places.contains("batch.max_events"))
        report.add(
            place_in(places, "batch"), "\"batch\" needs \"max_events\"", "such as { max_events = 50 }"
        );
    if (!sink.webhook_origin.empty() && sink.format != Format::cloudevents &&
        sink.format != Format::cloudevents_binary)
        report.add(
            place_in(places, "webhook_origin"),
            fmt::format("\"webhook_origin\" does not fit the format \"{}\"", to_string(sink.format)),
            "only receivers of CloudEvents can be asked for their consent"
        );
}

/// A key within `auth`, and the method that it belongs to.
struct AuthKey {
    std::string_view key;
    AuthMethod method;
    bool required;
};

constexpr std::array<AuthKey, 8> auth_keys{
    {{"auth.username", AuthMethod::basic, true},
     {"auth.password", AuthMethod::basic, true},
     {"auth.token", AuthMethod::bearer, true},
     {"auth.token_url", AuthMethod::oauth2, true},
     {"auth.client_id", AuthMethod::oauth2, true},
     {"auth.client_secret", AuthMethod::oauth2, true},
     {"auth.scope", AuthMethod::oauth2, false},
     {"auth.audience", AuthMethod::oauth2, false}}
};

void check_auth(const Sink& sink, const Places& places, Report& report)
{
    if (!places.contains("auth"))
        return;
    if (!places.contains("auth.type"))
        return report.add(place_in(places, "auth"), "\"type\" is missing in \"auth\"");
    if (!sink.auth.method)
        return;
    const AuthMethod method = *sink.auth.method;
    for (const AuthKey& each : auth_keys) {
        const bool given = places.contains(each.key);
        if (given && each.method != method)
            report.add(
                place_in(places, each.key),
                fmt::format("\"{}\" does not fit the type \"{}\" of auth", each.key, to_string(method)),
                fmt::format("it is for \"{}\"", to_string(each.method))
            );
        else if (!given && each.method == method && each.required)
            report.add(
                place_in(places, "auth"),
                fmt::format("\"{}\" is missing for the type \"{}\" of auth", each.key, to_string(method))
            );
    }
    if (has_header(sink, "Authorization"))
        report.add(
            place_in(places, "auth"),
            "\"auth\" and a header \"Authorization\" exclude each other",
            "leave one of them out"
        );
}

void check_tls(const Sink& sink, const Places& places, Report& report)
{
    if (!places.contains("tls"))
        return;
    check_needs(places, "tls.certificate_file", "tls.key_file", report);
    check_needs(places, "tls.key_file", "tls.certificate_file", report);
    const bool plain = base::to_lower(sink.url.substr(0, 5)) == "http:";
    if (plain && is_webhook(sink, places))
        report.add(place_in(places, "tls"), "\"tls\" does not fit a url without encryption", "use https://");
}

}  // namespace

void check_signing(
    const Places& places, std::string_view secret, const std::vector<Secret>& previous, Report& report
)
{
    if (!previous.empty())
        check_needs(places, "previous_secrets", secret, report);
    // No verifier reads a v1a signature that stands alone.
    check_needs(places, "signing_key", secret, report);
}

void check_proxy(const Places& places, Report& report)
{
    check_needs(places, "proxy_user", "proxy", report);
    check_needs(places, "proxy_password", "proxy_user", report);
}

void check_combinations(const Sink& sink, const Places& places, Report& report)
{
    check_signing(places, "secret", sink.previous_secrets, report);
    check_proxy(places, report);
    check_format(sink, places, report);
    check_auth(sink, places, report);
    check_tls(sink, places, report);
    if (places.contains("hub_secret") && has_header(sink, "X-Hub-Signature-256"))
        report.add(
            place_in(places, "hub_secret"),
            "\"hub_secret\" and a header \"X-Hub-Signature-256\" exclude each other",
            "leave one of them out"
        );
}

}  // namespace pollhook::config
