#include "fuzz/input.hpp"
#include "fuzz/memory_network.hpp"
#include "fuzz/run.hpp"
#include "pollhook/http/client.hpp"
#include "support/manual_clock.hpp"

#include <array>
#include <memory>
#include <string>
#include <string_view>

// Bytes that are meant to be an answer, in random pieces: what comes of them must not depend on the pieces.
//
// Input: a byte of flags (1: the body must be whole, 2: HEAD, 4: a limit of 16 bytes), a count of pieces,
// that many sizes (0: all the rest), then the bytes.

namespace pollhook::fuzz {
namespace {

constexpr std::array<std::string_view, 2> kept{"webhook-allowed-rate", "x-test"};

http::Exchange ask(std::uint8_t flags, const AnswerPieces& pieces)
{
    boost::asio::io_context loop(1);
    test::ManualClock clock(loop);
    http::Client client(loop, clock, http::ClientOptions(), std::make_unique<MemoryConnector>([&pieces] {
                            return pieces;
                        }));
    http::Origin origin;
    origin.host = "hooks.example.com";
    http::Request request;
    request.method = (flags & 2U) != 0 ? "HEAD" : "POST";
    request.origin = &origin;
    request.target = "/hook";
    request.body = "{}";
    request.whole_body = (flags & 1U) != 0;
    request.response_limit = (flags & 4U) != 0 ? 16 : 64UL * 1024;
    request.keep_fields = kept;
    http::Exchange exchange = run(loop, client.send(request));
    // A second exchange, on the same connection when the first one left it usable.
    const http::Exchange second = run(loop, client.send(request));
    if (exchange.response && second.response && second.reused)
        expect(second.response->status == exchange.response->status, "one answer is not taken for another");
    run(loop, client.close());
    if (exchange.response) {
        const http::Response& response = *exchange.response;
        expect(response.status >= 200 && response.status <= 599, "a final status");
        expect(response.body.size() <= request.response_limit, "the body keeps to its limit");
        expect(!request.whole_body || !response.body_cut, "a body that must be whole is");
        expect(response.fields.size() <= 16, "few fields are kept");
        for (const auto& [name, value] : response.fields)
            expect(value.find_first_of("\r\n") == std::string::npos, "a field is one line");
    }
    for (const char c : exchange.detail)
        expect(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f, "a detail is printable");
    return exchange;
}

void compare(const http::Exchange& a, const http::Exchange& b)
{
    expect(a.response.has_value() == b.response.has_value(), "pieces decide whether it is an answer");
    // Whether a head that never ends is told as malformed or as cut depends on what was there when it was
    // looked at.
    if (!a.response)
        return;
    expect(a.response->status == b.response->status, "pieces decide about the status");
    expect(a.response->body == b.response->body, "pieces decide about the body");
    expect(a.response->body_cut == b.response->body_cut, "pieces decide whether the body is whole");
    expect(a.response->fields == b.response->fields, "pieces decide about the fields");
    expect(a.response->retry_after == b.response->retry_after, "pieces decide about Retry-After");
    expect(a.response->content_type == b.response->content_type, "pieces decide about the type");
}

}  // namespace
}  // namespace pollhook::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    using namespace pollhook;
    fuzz::Input input(bytes, size);
    const std::uint8_t flags = input.byte();
    std::vector<std::size_t> sizes;
    for (int count = input.byte(); count > 0; --count)
        sizes.push_back(input.byte());
    const std::string all(input.rest());
    fuzz::AnswerPieces pieces;
    std::size_t at = 0;
    for (std::size_t i = 0; at < all.size(); ++i) {
        const std::size_t wanted = sizes.empty() ? 0 : sizes[i % sizes.size()];
        pieces.push_back(all.substr(at, wanted == 0 ? std::string::npos : wanted));
        at += pieces.back().size();
    }
    if (fuzz::is_sabotaged() && pieces.size() > 2)
        pieces.erase(pieces.begin() + 1);
    fuzz::compare(fuzz::ask(flags, {all}), fuzz::ask(flags, pieces));
    return 0;
}
