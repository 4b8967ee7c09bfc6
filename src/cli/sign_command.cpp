#include "commands.hpp"
#include "exit_code.hpp"
#include "key_file.hpp"
#include "output.hpp"
#include "pollhook/base/random.hpp"
#include "pollhook/base/text.hpp"
#include "pollhook/sink/key_generation.hpp"
#include "pollhook/sink/signature.hpp"
#include "terminal.hpp"

#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <chrono>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace pollhook::cli {
namespace {

namespace json = boost::json;

void generate(const SignOptions& options)
{
    const bool is_text = options.output == OutputFormat::table;
    if (!options.asymmetric) {
        const config::Secret secret = sink::generate_secret();
        if (is_text)
            fmt::print("{}\n", secret.reveal());
        else
            print_line({{"secret", std::string(secret.reveal())}});
        return;
    }
    const sink::KeyPair pair = sink::generate_key_pair();
    if (is_text)
        fmt::print("{}\n{}\n", pair.signing_key.reveal(), pair.public_key);
    else
        print_line({{"signingKey", std::string(pair.signing_key.reveal())}, {"publicKey", pair.public_key}});
}

std::string random_id()
{
    auto random = base::Random::from_system();
    const auto draw = [&random] { return random.between(0, std::numeric_limits<std::int64_t>::max()); };
    return fmt::format("msg_{:016x}{:016x}", draw(), draw());
}

sink::Signer make_signer(const std::vector<std::string>& keys)
{
    std::vector<std::string_view> secrets;
    std::string_view signing_key;
    for (const std::string& key : keys)
        if (key.starts_with("whsk_"))
            signing_key = key;
        else if (!key.starts_with("whpk_"))
            secrets.push_back(key);
    if (secrets.empty())
        throw std::runtime_error("there is no whsec_ secret: v1a goes only beside v1");
    const std::span<const std::string_view> previous = std::span(secrets).subspan(1);
    auto signer = sink::Signer::make(secrets.front(), previous, signing_key);
    if (!signer)
        throw std::runtime_error(signer.error().message());
    return std::move(*signer);
}

bool is_id(std::string_view id)
{
    return !id.empty() && id.find('.') == std::string_view::npos &&
           id.find_first_of(" \t\r\n") == std::string_view::npos;
}

}  // namespace

int sign(const SignOptions& options)
{
    if (options.generate) {
        generate(options);
        return exit_code::ok;
    }
    if (!options.id.empty() && !is_id(options.id)) {
        print_error("a webhook-id holds neither a dot nor white space");
        return exit_code::usage;
    }
    try {
        const std::vector<std::string> keys = read_keys(options.secret_file, "POLLHOOK_SECRET");
        if (keys.empty()) {
            print_error("there is no secret to sign with", "give it --secret-file FILE or POLLHOOK_SECRET");
            return exit_code::usage;
        }
        const sink::Signer signer = make_signer(keys);
        const std::string body = read_whole(options.body_file);
        const std::string id = options.id.empty() ? random_id() : options.id;
        const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
        const std::int64_t timestamp = options.timestamp.value_or(now.time_since_epoch().count());
        const std::pair<std::string, std::string> headers[] = {
            {"webhook-id", id},
            {"webhook-timestamp", std::to_string(timestamp)},
            {"webhook-signature", signer.sign(id, timestamp, body)},
        };
        json::object values;
        for (const auto& [name, value] : headers) {
            values[name] = value;
            if (options.output == OutputFormat::table)
                fmt::print("{}: {}\n", name, value);
        }
        if (options.output != OutputFormat::table)
            print_line({{"headers", std::move(values)}});
    } catch (const std::runtime_error& error) {
        print_error(error.what());
        return exit_code::bad_input;
    }
    return exit_code::ok;
}

}  // namespace pollhook::cli
