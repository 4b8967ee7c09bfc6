#include "header_lines.hpp"

#include "key_text.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <iterator>

namespace pollhook::sink {

void append_percent(std::string& out, char c)
{
    fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
}

void append_field(std::string& out, std::string_view name, std::string_view value)
{
    const auto is_visible = [](char c) { return c > 0x20 && c < 0x7f; };
    out += name;
    out += ": ";
    if (std::ranges::all_of(value, is_visible))
        out += value;
    else
        for (const char c : value)
            if (is_visible(c))
                out += c;
            else
                append_percent(out, c);
    out += "\r\n";
}

void append_field(std::string& out, std::string_view name, std::int64_t value)
{
    const fmt::format_int digits(value);
    append_field(out, name, std::string_view(digits.data(), digits.size()));
}

void append_trace_fields(std::string& out, std::string_view traceparent, std::string_view tracestate)
{
    if (traceparent.empty())
        return;
    append_field(out, "traceparent", traceparent);
    const auto is_printable = [](char c) { return c >= ' ' && c <= '~'; };
    if (tracestate.empty() || !std::ranges::all_of(tracestate, is_printable))
        return;
    out += "tracestate: ";
    out += tracestate;
    out += "\r\n";
}

std::string basic_credentials(std::string_view user, std::string_view password)
{
    std::string pair;
    pair.reserve(user.size() + password.size() + 1);
    pair.append(user).append(":").append(password);
    std::string out = "Basic ";
    out.reserve(out.size() + (pair.size() + 2) / 3 * 4);
    append_base64(out, {reinterpret_cast<const unsigned char*>(pair.data()), pair.size()});
    ::OPENSSL_cleanse(pair.data(), pair.size());
    return out;
}

}  // namespace pollhook::sink
