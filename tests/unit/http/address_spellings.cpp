#include "address_spellings.hpp"

#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdint>

namespace pollhook::http {
namespace {

namespace ip = boost::asio::ip;

std::string upper(std::string text)
{
    std::ranges::transform(text, text.begin(), [](unsigned char c) {
        return static_cast<char>(std::toupper(c));
    });
    return text;
}

std::string percent_encoded(const std::string& text)
{
    std::string encoded;
    for (const char c : text)
        encoded += fmt::format("%{:02x}", static_cast<unsigned>(c));
    return encoded;
}

}  // namespace

std::vector<Spelling> spellings_of_v4(const std::string& address)
{
    const std::uint32_t all = ip::make_address_v4(address).to_uint();
    const std::uint32_t a = all >> 24U;
    const std::uint32_t b = (all >> 16U) & 0xffU;
    const std::uint32_t c = (all >> 8U) & 0xffU;
    const std::uint32_t d = all & 0xffU;
    const std::uint32_t high = all >> 16U;
    const std::uint32_t low = all & 0xffffU;
    return {
        {"dotted", address},
        {"decimal", fmt::format("{}", all)},
        {"hex", fmt::format("0x{:x}", all)},
        {"hex in upper case", fmt::format("0X{:08X}", all)},
        {"octal", fmt::format("0{:o}", all)},
        {"short of two", fmt::format("{}.{}", a, all & 0xffffffU)},
        {"short of three", fmt::format("{}.{}.{}", a, b, low)},
        {"hex parts", fmt::format("0x{:x}.0x{:x}.0x{:x}.0x{:x}", a, b, c, d)},
        {"octal parts", fmt::format("0{:o}.0{:o}.0{:o}.0{:o}", a, b, c, d)},
        {"mixed parts", fmt::format("0x{:x}.{}.0{:o}.{}", a, b, c, d)},
        {"leading zeros in hex", fmt::format("0x{:04x}.{}.{}.{}", a, b, c, d)},
        {"hex, short of two", fmt::format("0x{:x}.{}", a, all & 0xffffffU)},
        {"mapped, dotted", fmt::format("[::ffff:{}]", address)},
        {"mapped, hex", fmt::format("[::ffff:{:x}:{:x}]", high, low)},
        {"mapped, upper case", fmt::format("[::FFFF:{:X}:{:X}]", high, low)},
        {"mapped, in full", fmt::format("[0000:0000:0000:0000:0000:ffff:{:04x}:{:04x}]", high, low)},
        {"mapped, half compressed", fmt::format("[0:0::0:ffff:{}]", address)},
        {"compatible", fmt::format("[::{}]", address)},
        {"6to4", fmt::format("[2002:{:x}:{:x}::1]", high, low)},
        {"NAT64", fmt::format("[64:ff9b::{:x}:{:x}]", high, low)},
        {"final dot", address + "."},
        {"percent-encoded", percent_encoded(address)},
    };
}

std::vector<Spelling> spellings_of_v6(const std::string& address)
{
    const ip::address_v6 parsed = ip::make_address_v6(address);
    const ip::address_v6::bytes_type bytes = parsed.to_bytes();
    std::string full;
    std::string short_parts;
    for (std::size_t i = 0; i < 16; i += 2) {
        const unsigned part = (unsigned{bytes[i]} << 8U) | bytes[i + 1];
        full += fmt::format("{}{:04x}", i > 0 ? ":" : "", part);
        short_parts += fmt::format("{}{:x}", i > 0 ? ":" : "", part);
    }
    const std::string dotted_end =
        full.substr(0, 30) + fmt::format("{}.{}.{}.{}", bytes[12], bytes[13], bytes[14], bytes[15]);
    const std::string compressed = parsed.to_string();
    return {
        {"compressed", "[" + compressed + "]"},
        {"compressed, upper case", "[" + upper(compressed) + "]"},
        {"in full", "[" + full + "]"},
        {"in full, upper case", "[" + upper(full) + "]"},
        {"without zeros", "[" + short_parts + "]"},
        {"with a dotted end", "[" + dotted_end + "]"},
        {"with a scope", "[" + compressed + "%251]"},
        {"with a bare scope", "[" + compressed + "%1]"},
        {"without brackets", compressed},
        {"percent-encoded", "[" + percent_encoded(compressed) + "]"},
    };
}

}  // namespace pollhook::http
