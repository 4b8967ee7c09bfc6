#include "pollhook/task/trace.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <vector>

namespace pollhook::task {
namespace {

// `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`
constexpr std::size_t trace_at = 3;
constexpr std::size_t span_at = 36;
constexpr std::size_t flags_at = 53;
constexpr std::size_t whole_length = 55;

constexpr std::string_view digits = "0123456789abcdef";
constexpr std::uint8_t no_digit = 0x80;

/// What each character is worth as a digit. A table, since every attempt reads and writes such texts.
constexpr std::array<std::uint8_t, 256> values = [] {
    std::array<std::uint8_t, 256> made{};
    made.fill(no_digit);
    for (std::uint8_t value = 0; value < digits.size(); ++value)
        made.at(static_cast<unsigned char>(digits[value])) = value;
    return made;
}();

/// Reads as many bytes as `out` has from the hexadecimal digits that `text` begins with; false when there is
/// something else among them.
bool read_hex(std::string_view text, std::span<std::uint8_t> out) noexcept
{
    unsigned wrong = 0;
    for (std::size_t i = 0; i < out.size(); ++i) {
        const unsigned high = values[static_cast<unsigned char>(text[2 * i])];
        const unsigned low = values[static_cast<unsigned char>(text[2 * i + 1])];
        wrong |= high | low;
        out[i] = static_cast<std::uint8_t>((high << 4U) | low);
    }
    return (wrong & no_digit) == 0;
}

void append_hex(std::string& out, std::span<const std::uint8_t> bytes)
{
    std::size_t at = out.size();
    out.resize(at + 2 * bytes.size());
    for (const std::uint8_t byte : bytes) {
        out[at++] = digits[byte >> 4U];
        out[at++] = digits[byte & 0xFU];
    }
}

bool is_zero(std::span<const std::uint8_t> id) noexcept
{
    return std::ranges::all_of(id, [](std::uint8_t byte) { return byte == 0; });
}

/// FNV-1a. Ids have to differ, not to be unpredictable.
std::uint64_t mix(std::uint64_t state, std::uint8_t byte) noexcept
{
    return (state ^ byte) * 0x100000001b3U;
}

/// Spreads what was mixed over all bits (the finaliser of SplitMix64).
std::uint64_t spread(std::uint64_t x) noexcept
{
    x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31U);
}

constexpr bool is_key_character(char c) noexcept
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '*' || c == '/';
}

bool is_key_part(std::string_view text, std::size_t longest) noexcept
{
    return !text.empty() && text.size() <= longest && std::ranges::all_of(text, is_key_character);
}

/// 3.3.1.3.1: `vendor`, or `tenant@vendor`. A tenant may begin with a digit, a vendor begins with a letter.
bool is_key(std::string_view key) noexcept
{
    const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
    const auto at = key.find('@');
    if (at == std::string_view::npos)
        return is_key_part(key, 256) && is_letter(key.front());
    const std::string_view tenant = key.substr(0, at);
    const std::string_view vendor = key.substr(at + 1);
    const auto begins_well = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); };
    return is_key_part(tenant, 241) && begins_well(tenant.front()) && is_key_part(vendor, 14) &&
           is_letter(vendor.front());
}

/// 3.3.1.3.2: printable ASCII without comma and equals sign, not ending with a blank.
bool is_value(std::string_view value) noexcept
{
    const auto is_allowed = [](char c) { return c >= ' ' && c <= '~' && c != ',' && c != '='; };
    return !value.empty() && value.size() <= 256 && value.back() != ' ' &&
           std::ranges::all_of(value, is_allowed);
}

std::string_view without_blanks(std::string_view text) noexcept
{
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

std::string TraceContext::text() const
{
    std::string out = "00-";
    out.reserve(whole_length);
    append_hex(out, trace);
    out += '-';
    append_hex(out, span);
    out += sampled ? "-01" : "-00";
    return out;
}

std::optional<TraceContext> parse_traceparent(std::string_view text) noexcept
{
    if (text.size() < whole_length || text[trace_at - 1] != '-' || text[span_at - 1] != '-' ||
        text[flags_at - 1] != '-')
        return std::nullopt;
    TraceContext context;
    std::array<std::uint8_t, 1> version{};
    std::array<std::uint8_t, 1> flags{};
    if (!read_hex(text, version) || !read_hex(text.substr(trace_at), context.trace) ||
        !read_hex(text.substr(span_at), context.span) || !read_hex(text.substr(flags_at), flags))
        return std::nullopt;
    // What a later version adds comes after a dash.
    const bool has_more = text.size() > whole_length;
    const bool may_have_more = version[0] > 0 && version[0] < 0xff;
    if (version[0] == 0xff || (has_more && (!may_have_more || text[whole_length] != '-')))
        return std::nullopt;
    if (is_zero(context.trace) || is_zero(context.span))
        return std::nullopt;
    context.sampled = (flags[0] & 1U) != 0;
    return context;
}

std::string passable_tracestate(std::string_view text)
{
    constexpr std::size_t longest = 512;
    constexpr std::size_t most_members = 32;
    std::vector<std::string_view> keys;
    std::string out;
    while (!text.empty()) {
        const auto comma = text.find(',');
        const std::string_view member = without_blanks(text.substr(0, comma));
        text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
        if (member.empty())
            continue;
        const auto equals = member.find('=');
        if (equals == std::string_view::npos)
            return {};
        const std::string_view key = member.substr(0, equals);
        if (!is_key(key) || !is_value(member.substr(equals + 1)) ||
            std::ranges::find(keys, key) != keys.end())
            return {};
        keys.push_back(key);
        if (!out.empty())
            out += ',';
        out += member;
        if (keys.size() > most_members || out.size() > longest)
            return {};
    }
    return out;
}

TraceContext begin_trace(std::string_view facts)
{
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
    if (::EVP_Digest(facts.data(), facts.size(), digest.data(), nullptr, ::EVP_sha256(), nullptr) != 1)
        throw std::runtime_error("SHA-256 is not available in this OpenSSL");
    TraceContext begun;
    std::copy_n(digest.begin(), begun.trace.size(), begun.trace.begin());
    std::copy_n(digest.begin() + begun.trace.size(), begun.span.size(), begun.span.begin());
    begun.sampled = true;
    return begun;
}

TraceContext continue_trace(const TraceContext& parent, std::string_view facts) noexcept
{
    std::uint64_t state = 0xcbf29ce484222325U;
    for (const std::uint8_t byte : parent.trace)
        state = mix(state, byte);
    for (const std::uint8_t byte : parent.span)
        state = mix(state, byte);
    for (const char c : facts)
        state = mix(state, static_cast<std::uint8_t>(c));
    state = spread(state);
    if (state == 0)
        state = 1;  // zeros alone are no id

    TraceContext next = parent;
    for (std::size_t i = 0; i < next.span.size(); ++i)
        next.span.at(i) = static_cast<std::uint8_t>(state >> (8 * i));
    return next;
}

std::string trace_of_attempt(std::string_view event, std::int32_t sink, std::uint32_t attempt)
{
    const auto parent = parse_traceparent(event);
    if (!parent)
        return {};
    std::array<char, 24> facts{};
    const char* const end = fmt::format_to(facts.begin(), "{} {}", sink, attempt);
    const std::size_t length = static_cast<std::size_t>(end - facts.begin());
    return continue_trace(*parent, {facts.data(), length}).text();
}

}  // namespace pollhook::task
