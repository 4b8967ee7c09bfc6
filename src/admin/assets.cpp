#include "assets.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>

// The files go into the program as they are; the build knows that this source depends on them. The names are
// global because link-time optimisation takes the assembly out of this source.
// clang-format off
#define POLLHOOK_ASSET(name, file)                                                  \
    __asm__(".section .rodata\n"                                                    \
            ".globl pollhook_" name "_begin\n.hidden pollhook_" name "_begin\n"     \
            ".globl pollhook_" name "_end\n.hidden pollhook_" name "_end\n"         \
            "pollhook_" name "_begin:\n.incbin \"" POLLHOOK_ADMIN_ASSETS file "\"\n" \
            "pollhook_" name "_end:\n"                                              \
            ".text\n")
// clang-format on
POLLHOOK_ASSET("dashboard", "/dashboard.html");
POLLHOOK_ASSET("openapi", "/openapi.json");

extern "C" {
extern const char pollhook_dashboard_begin[];
extern const char pollhook_dashboard_end[];
extern const char pollhook_openapi_begin[];
extern const char pollhook_openapi_end[];
}

namespace pollhook::admin {
namespace {

std::string_view between(const char* begin, const char* end)
{
    return {begin, static_cast<std::size_t>(end - begin)};
}

std::string_view inside(std::string_view page, std::string_view open, std::string_view close)
{
    const auto begin = page.find(open);
    const auto end = page.find(close, begin);
    if (begin == std::string_view::npos || end == std::string_view::npos)
        throw std::logic_error("the dashboard lacks its script or its style");
    return page.substr(begin + open.size(), end - begin - open.size());
}

/// The source expression that allows just this inline text (Content Security Policy Level 3, 2.3.1).
std::string hash_source(std::string_view text)
{
    std::array<unsigned char, 32> digest{};
    if (EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1)
        throw std::runtime_error("SHA-256 is not available in this OpenSSL");
    std::array<unsigned char, 45> base64{};
    EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(digest.size()));
    std::string source = "'sha256-";
    for (const unsigned char c : base64)
        if (c != 0)
            source += static_cast<char>(c);
    return source + "'";
}

std::string policy_for(std::string_view page)
{
    return fmt::format(
        "default-src 'none'; script-src {}; style-src {}; img-src data:; connect-src 'self'; base-uri "
        "'none'; "
        "form-action 'none'; frame-ancestors 'none'",
        hash_source(inside(page, "<script>", "</script>")),
        hash_source(inside(page, "<style>", "</style>"))
    );
}

}  // namespace

http::ServerResponse dashboard()
{
    const std::string_view page = between(pollhook_dashboard_begin, pollhook_dashboard_end);
    static const std::string policy = policy_for(page);
    http::ServerResponse response;
    response.content_type = "text/html; charset=utf-8";
    response.fields.emplace_back("Content-Security-Policy", policy);
    response.fields.emplace_back("Referrer-Policy", "no-referrer");
    response.body = page;
    return response;
}

http::ServerResponse openapi_document()
{
    http::ServerResponse response;
    response.body = between(pollhook_openapi_begin, pollhook_openapi_end);
    return response;
}

}  // namespace pollhook::admin
