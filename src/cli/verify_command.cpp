#include "commands.hpp"
#include "exit_code.hpp"
#include "key_file.hpp"
#include "pollhook/base/text.hpp"
#include "pollhook/simulator/webhook_verifier.hpp"
#include "terminal.hpp"

#include <fmt/format.h>

#include <chrono>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string_view>

namespace pollhook::cli {
namespace {

/// Names in lower case. Lines without a colon, such as a request's first, are skipped.
std::map<std::string, std::string> read_headers(const std::optional<std::filesystem::path>& file)
{
    std::map<std::string, std::string> headers;
    std::istringstream in(file ? read_whole(*file) : std::string());
    for (std::string line; std::getline(in, line);)
        if (const std::size_t colon = line.find(':'); colon != std::string::npos) {
            const std::string_view text = line;
            headers[base::to_lower(base::trim(text.substr(0, colon)))] = base::trim(text.substr(colon + 1));
        }
    return headers;
}

std::vector<std::string> keys_of(const VerifyOptions& options)
{
    std::vector<std::string> keys;
    for (std::string& key : read_keys(options.secret_file, "POLLHOOK_SECRET"))
        if (!key.starts_with("whsk_"))  // its public half is what verifies
            keys.push_back(std::move(key));
    keys.insert(keys.end(), options.public_keys.begin(), options.public_keys.end());
    return keys;
}

std::string reason_of(simulator::Verdict verdict, const VerifyOptions& options)
{
    using simulator::Verdict;
    switch (verdict) {
        case Verdict::missing_fields: return "webhook-id, webhook-timestamp or webhook-signature is missing";
        case Verdict::bad_timestamp: return "webhook-timestamp is not a number of seconds";
        case Verdict::too_old:
            return fmt::format("it is older than {}", base::format_duration(options.tolerance));
        case Verdict::too_new:
            return fmt::format("it is from later than {} ahead", base::format_duration(options.tolerance));
        case Verdict::no_match: return "no signature fits these bytes and keys";
        case Verdict::genuine: break;
    }
    return {};
}

simulator::Verdict judge(const VerifyOptions& options, const simulator::WebhookVerifier& verifier)
{
    std::map<std::string, std::string> headers = read_headers(options.headers_file);
    const auto value = [&headers](const std::string& given, const char* name) {
        return given.empty() ? headers[name] : given;
    };
    const std::string body = read_whole(options.body_file);
    const auto now = std::chrono::floor<base::Duration>(std::chrono::system_clock::now());
    return verifier.verify(
        value(options.id, "webhook-id"),
        value(options.timestamp, "webhook-timestamp"),
        value(options.signature, "webhook-signature"),
        body,
        now
    );
}

}  // namespace

int verify(const VerifyOptions& options)
{
    try {
        const std::vector<std::string> keys = keys_of(options);
        if (keys.empty()) {
            print_error(
                "there is no key to verify with",
                "give it --secret-file FILE, POLLHOOK_SECRET or --public-key KEY"
            );
            return exit_code::usage;
        }
        const simulator::WebhookVerifier verifier(keys, options.tolerance);
        const simulator::Verdict verdict = judge(options, verifier);
        if (verdict == simulator::Verdict::genuine) {
            fmt::print("genuine\n");
            return exit_code::ok;
        }
        print_error("not genuine: " + reason_of(verdict, options));
        return exit_code::failed;
    } catch (const std::exception& error) {
        print_error(error.what());
        return exit_code::bad_input;
    }
}

}  // namespace pollhook::cli
