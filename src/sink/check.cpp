#include "pollhook/sink/check.hpp"

#include "pollhook/config/setting_error.hpp"
#include "pollhook/http/origin.hpp"
#include "pollhook/http/tls.hpp"
#include "pollhook/sink/signature.hpp"

#include <boost/system/error_code.hpp>

#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace pollhook::sink {
namespace {

using Findings = std::vector<config::Finding>;

void add(Findings& findings, std::string key, std::string problem)
{
    config::Finding& finding = findings.emplace_back();
    finding.key = std::move(key);
    finding.problem = std::move(problem);
}

void add(Findings& findings, const std::string& key, const boost::system::error_code& reason)
{
    add(findings, key, key + ": " + reason.message());
}

void check_url(Findings& findings, const std::string& key, const std::string& url)
{
    if (url.empty())
        return;
    if (const auto parsed = http::parse_url(url); !parsed)
        add(findings, key, parsed.error());
}

void check_signing(
    Findings& findings,
    const std::string& key,
    const config::Secret& secret,
    std::span<const config::Secret> previous,
    const config::Secret& signing_key
)
{
    if (secret.empty())
        return;
    std::vector<std::string_view> others;
    others.reserve(previous.size());
    for (const config::Secret& other : previous)
        others.push_back(other.reveal());
    if (const auto signer = Signer::make(secret.reveal(), others, signing_key.reveal()); !signer)
        add(findings, key, signer.error());
}

void check_files(Findings& findings, const http::RouteOptions& options)
{
    try {
        http::check_tls_files(options);
    } catch (const config::SettingError& problem) {
        add(findings, "tls." + problem.key(), problem.what());
    }
}

}  // namespace

std::vector<config::Finding> check(const config::Sink& sink)
{
    Findings findings;
    if (sink.type != config::SinkType::webhook)
        return findings;
    check_url(findings, "url", sink.url);
    check_url(findings, "proxy", sink.proxy.url);
    check_url(findings, "auth.token_url", sink.auth.token_url);
    check_signing(findings, "secret", sink.secret, sink.previous_secrets, sink.signing_key);
    http::RouteOptions authorities;
    authorities.ca_file = sink.tls.ca_file.path.string();
    check_files(findings, authorities);
    http::RouteOptions identity;
    identity.certificate_file = sink.tls.certificate_file.path.string();
    identity.key_file = sink.tls.key_file.path.string();
    check_files(findings, identity);
    return findings;
}

std::vector<config::Finding> check(const config::TaskWebhooks& task_webhooks)
{
    Findings findings;
    check_url(findings, "proxy", task_webhooks.proxy.url);
    check_signing(
        findings,
        "signing_secret",
        task_webhooks.signing_secret,
        task_webhooks.previous_secrets,
        task_webhooks.signing_key
    );
    return findings;
}

}  // namespace pollhook::sink
