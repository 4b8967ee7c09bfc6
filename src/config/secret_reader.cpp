#include "file.hpp"
#include "pollhook/base/text.hpp"
#include "syntax.hpp"
#include "value_reader.hpp"
#include "value_text.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <algorithm>

/// The part of ValueReader that deals with secrets: no message of it repeats a value.
namespace pollhook::config {
namespace {

constexpr std::size_t secret_limit_bytes = 64UL << 10U;
constexpr std::string_view reference_forms =
    R"(a string, { env = "NAME" }, { file = "/path" } or { credential = "name" })";

const std::vector<std::string>& reference_kinds()
{
    static const std::vector<std::string> kinds{"env", "file", "credential"};
    return kinds;
}

std::string_view without_newline(std::string_view text) noexcept
{
    if (text.ends_with('\n'))
        text.remove_suffix(1);
    if (text.ends_with('\r'))
        text.remove_suffix(1);
    return text;
}

}  // namespace

void ValueReader::read(const Descriptor& key, const toml::node& node, Secret& out)
{
    auto secret = resolve(key.key, node);
    if (!secret)
        return;
    const bool left_out = secret->empty() && !secret->reference().empty();
    const std::size_t before = report_.count();
    if (!left_out)
        check_secret(key, node, *secret);
    if (report_.count() == before)
        out = std::move(*secret);
}

void ValueReader::check_secret(const Descriptor& key, const toml::node& node, const Secret& secret)
{
    const bool signs = key.type == ValueType::signing_secret || key.type == ValueType::signing_secrets;
    const std::string_view value = secret.reveal();
    if (signs && !is_signing_secret(value))
        report_.add(
            node.source(),
            fmt::format("\"{}\" must be \"whsec_\" and the base64 of 24 to 64 bytes", key.key),
            "\"pollhook sign --generate\" makes one"
        );
    else if (key.type == ValueType::signing_key && !is_signing_key(value))
        report_.add(
            node.source(),
            fmt::format("\"{}\" must be \"whsk_\" and the base64 of an Ed25519 key", key.key),
            "\"pollhook sign --generate --asymmetric\" makes one"
        );
    else if (value.empty())
        report_.add(node.source(), fmt::format("\"{}\" must not be empty", key.key));
    else if (key.type == ValueType::pass_phrase && !is_header_value(value))
        report_.add(
            node.source(), fmt::format("\"{}\" must not contain control characters or exceed 8 KiB", key.key)
        );
    else if (key.type != ValueType::pass_phrase &&
             (!is_header_value(value) || value.find_first_of(" \t") != std::string_view::npos))
        report_.add(
            node.source(), fmt::format("\"{}\" must not contain white space or control characters", key.key)
        );
}

void ValueReader::read(const Descriptor& key, const toml::node& node, std::vector<Header>& out)
{
    const toml::table* table = node.as_table();
    if (table == nullptr)
        return report_.add(
            node.source(),
            fmt::format("\"{}\" must be a table", key.key),
            R"(such as headers = { "X-Env" = "prod" })"
        );
    std::vector<Header> headers;
    for (const auto& [name, value] : *table)
        read_header(name, value, headers);
    out = std::move(headers);
}

void ValueReader::read_header(const toml::key& name, const toml::node& node, std::vector<Header>& out)
{
    const std::string shown = base::printable(name.str(), 60);
    const bool twice = std::ranges::any_of(out, [&](const Header& other) {
        return base::equals_ignoring_case(other.name, name.str());
    });
    if (!is_header_name(name.str()))
        return report_.add(name.source(), fmt::format("\"{}\" is not the name of a header", shown));
    if (is_reserved_header(name.str()))
        return report_.add(
            name.source(), fmt::format("the header \"{}\" is reserved: pollhook writes it itself", shown)
        );
    if (twice)
        return report_.add(name.source(), fmt::format("the header \"{}\" is given twice", shown));
    auto value = resolve(name.str(), node);
    if (value && !is_header_value(value->reveal()))
        return report_.add(
            node.source(),
            fmt::format(
                "the value of the header \"{}\" must not contain control characters or exceed 8 KiB", shown
            )
        );
    if (value)
        out.push_back({.name = std::string(name.str()), .value = std::move(*value)});
}

std::optional<Secret> ValueReader::resolve(std::string_view name, const toml::node& node)
{
    if (const auto* text = node.as_string())
        return Secret(text->get());
    const std::string shown = base::printable(name, 60);
    const toml::table* table = node.as_table();
    if (table == nullptr || table->size() != 1) {
        report_.add(node.source(), fmt::format("\"{}\" must be {}", shown, reference_forms));
        return std::nullopt;
    }
    const auto entry = table->begin();  // named: what it points to lives in the iterator itself
    const toml::key& kind = entry->first;
    const toml::node& target = entry->second;
    const auto text = target.value_exact<std::string>();
    if (std::ranges::find(reference_kinds(), kind.str()) == reference_kinds().end()) {
        report_.add(
            kind.source(),
            fmt::format(
                "unknown key \"{}\": \"{}\" must be {}",
                base::printable(kind.str(), 60),
                shown,
                reference_forms
            ),
            did_you_mean(kind.str(), reference_kinds())
        );
        return std::nullopt;
    }
    if (!text || text->empty() || text->find('\0') != std::string::npos) {
        report_.add(target.source(), fmt::format("\"{}\" must be a string that is not empty", kind.str()));
        return std::nullopt;
    }
    if (kind.str() == "env")
        return from_environment(target, *text);
    if (kind.str() == "credential")
        return from_credential(target, *text);
    if (!std::filesystem::path(*text).is_absolute()) {
        report_.add(target.source(), "\"file\" must be an absolute path");
        return std::nullopt;
    }
    return from_file(target, *text, fmt::format("{{ file = {} }}", toml_string(*text)));
}

std::optional<Secret> ValueReader::from_environment(const toml::node& node, const std::string& name)
{
    const std::string reference = fmt::format("{{ env = {} }}", toml_string(name));
    const auto value = environment_(name);
    if (!value || value->empty())
        return missing(
            node,
            fmt::format(
                "environment variable \"{}\" is {}", base::printable(name, 60), value ? "empty" : "not set"
            ),
            reference
        );
    return Secret(*value, reference);
}

std::optional<Secret> ValueReader::from_credential(const toml::node& node, const std::string& name)
{
    const std::string reference = fmt::format("{{ credential = {} }}", toml_string(name));
    if (name.find('/') != std::string::npos || name == "." || name == "..") {
        report_.add(node.source(), "a credential's name must not contain a slash");
        return std::nullopt;
    }
    const auto directory = environment_("CREDENTIALS_DIRECTORY");
    if (!directory || directory->empty())
        return missing(
            node,
            fmt::format(
                "credential \"{}\" cannot be read: CREDENTIALS_DIRECTORY is not set (see LoadCredential= of "
                "systemd)",
                base::printable(name, 60)
            ),
            reference
        );
    // Our unit loads a whole directory, LoadCredential=key:DIRECTORY, and systemd puts its id before each
    // name.
    const std::filesystem::path folder = *directory;
    const std::filesystem::path with_id = folder / ("key_" + name);
    std::error_code ec;
    const bool by_id = !std::filesystem::exists(folder / name, ec) && std::filesystem::exists(with_id, ec);
    return from_file(node, by_id ? with_id : folder / name, reference);
}

std::optional<Secret> ValueReader::from_file(
    const toml::node& node, const std::filesystem::path& path, std::string reference
)
{
    auto content = read_file(path, secret_limit_bytes);
    const std::string shown = base::printable(path.native(), 4096);
    if (!content)
        return missing(
            node, fmt::format("secret file {} {}", shown, content.error().text), std::move(reference)
        );
    Secret secret(without_newline(*content), reference);
    OPENSSL_cleanse(content->data(), content->size());
    if (secret.empty())
        return missing(node, fmt::format("secret file {} is empty", shown), std::move(reference));
    return secret;
}

std::optional<Secret> ValueReader::missing(const toml::node& node, std::string message, std::string reference)
{
    if (missing_secret_ == MissingSecret::stays_empty)
        return Secret({}, std::move(reference));
    report_.add(node.source(), std::move(message));
    return std::nullopt;
}

}  // namespace pollhook::config
