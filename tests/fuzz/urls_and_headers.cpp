#include "fuzz/input.hpp"
#include "pollhook/base/text.hpp"
#include "pollhook/base/time.hpp"
#include "pollhook/http/address_guard.hpp"
#include "pollhook/http/form.hpp"
#include "pollhook/http/origin.hpp"
#include "pollhook/store/metadata_filter.hpp"
#include "pollhook/store/outbox.hpp"
#include "pollhook/task/key.hpp"
#include "pollhook/task/trace.hpp"

#include <algorithm>
#include <string>
#include <string_view>

// Short texts that come from outside: URLs, times, durations, ids, and what becomes a part of a header line.

namespace {

using namespace pollhook;

bool is_clean(std::string_view text)
{
    return std::ranges::none_of(text, [](char c) {
        return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f;
    });
}

void check_url(std::string_view text)
{
    const auto url = http::parse_url(text);
    if (!url)
        return;
    fuzz::expect(is_clean(url->target) && url->target.starts_with('/'), "a target is part of a request line");
    fuzz::expect(is_clean(url->origin.host_field()), "a host is a header's value");
    fuzz::expect(url->target.find('#') == std::string::npos, "no fragment is sent");
    fuzz::expect(!url->origin.host.empty() && url->origin.port != 0, "there is a host and a port");
    fuzz::expect(url->origin.host.find('@') == std::string::npos, "no user information");
    const std::string again = url->origin.text() + url->target;
    const auto second = http::parse_url(again);
    // Its own form may be longer than the limit.
    fuzz::expect(second || again.size() > 8000, "a URL's own form is a URL");
    if (second)
        fuzz::expect(second->origin == url->origin && second->target == url->target, "and the same one");

    static const http::AddressGuard guard({}, {}, false);
    boost::system::error_code ec;
    const auto literal = boost::asio::ip::make_address(url->origin.host, ec);
    const bool allowed = guard.check(*url).has_value();
    if (!ec && literal.is_v4()) {
        const auto number = literal.to_v4().to_uint();
        const bool is_private = number >> 24U == 10 || number >> 24U == 127 || number >> 24U == 0 ||
                                number >> 16U == 0xc0a8 || number >> 16U == 0xa9fe || number >> 20U == 0xac1;
        fuzz::expect(!allowed || !is_private || fuzz::is_sabotaged(), "I13: a private address is refused");
        if (fuzz::is_sabotaged())
            fuzz::expect(!is_private, "sabotaged: private addresses may be asked for");
    }
    fuzz::expect(!allowed || url->origin.scheme == http::Scheme::https, "I13: plain http is refused");
}

void check_values(std::string_view text)
{
    fuzz::expect(
        std::ranges::none_of(
            base::printable(text), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
        ),
        "a log line is one line"
    );
    if (const auto time = base::parse_rfc3339(text))
        fuzz::expect(
            base::parse_rfc3339(base::format_rfc3339(*time)) == time, "a time's own form is that time"
        );
    if (const auto duration = base::parse_duration(text))
        fuzz::expect(
            base::parse_duration(base::format_duration(*duration)) == duration, "a duration's own form is it"
        );
    if (const auto key = store::DeliveryKey::parse(text))
        fuzz::expect(key->text() == text, "a delivery has one spelling");
    if (task::is_valid_id(text))
        fuzz::expect(
            text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos, "an id fits a header"
        );
    if (const auto decoded = http::percent_decode(text))
        fuzz::expect(decoded->find('\0') == std::string::npos, "no NUL from outside");
    if (const auto trace = task::parse_traceparent(text))
        fuzz::expect(task::parse_traceparent(trace->text()) == trace, "a trace's own form is that trace");
    const std::string state = task::passable_tracestate(text);
    fuzz::expect(
        state.size() <= 512 && std::ranges::all_of(state, [](char c) { return c >= 0x20 && c <= 0x7e; }),
        "a tracestate fits a header"
    );
    fuzz::expect(task::passable_tracestate(state) == state, "what was passed on is passed on");
    const std::string shown = base::without_url_secrets(text);
    fuzz::expect(base::without_url_secrets(shown) == shown, "a URL without its secrets has none");
    (void)http::parse_form(text);
    (void)http::parse_network(text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);
    check_url(text);
    check_values(text);
    return 0;
}
