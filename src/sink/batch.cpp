#include "batch.hpp"

#include "cloudevents.hpp"
#include "header_lines.hpp"
#include "pollhook/base/version.hpp"
#include "pollhook/task/trace.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <stdexcept>

namespace pollhook::sink {

std::string encode_batch(std::span<const Message* const> messages)
{
    std::string out = "[";
    for (const Message* message : messages) {
        if (out.size() > 1)
            out += ',';
        append_envelope(out, *message);
    }
    out += ']';
    return out;
}

std::string batch_id(std::span<const Message* const> messages)
{
    if (messages.size() == 1)
        return std::string(messages.front()->event_id);
    std::string ids;
    for (const Message* message : messages)
        ids.append(message->event_id).append("\n");
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    if (::EVP_Digest(ids.data(), ids.size(), digest.data(), nullptr, ::EVP_sha256(), nullptr) != 1)
        throw std::runtime_error("SHA-256 is not available in this OpenSSL");
    constexpr std::size_t kept_bytes = 16;
    std::string id = "batch_";
    for (const unsigned char byte : std::span(digest).first(kept_bytes))
        fmt::format_to(std::back_inserter(id), "{:02x}", byte);
    return id;
}

void append_batch_fields(
    std::string& out,
    std::span<const Message* const> messages,
    base::TimePoint now,
    std::string_view body,
    const Signer* signer
)
{
    const std::string id = batch_id(messages);
    const Message& first = *messages.front();
    const std::int64_t timestamp = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    append_field(out, "User-Agent", base::user_agent());
    out += "Content-Type: application/cloudevents-batch+json; charset=utf-8\r\n";
    if (messages.size() == 1)
        append_trace_fields(out, first.trace, first.tracestate);
    else
        append_trace_fields(out, task::begin_trace(id).text(), "");
    append_field(out, "webhook-id", id);
    append_field(out, "webhook-timestamp", timestamp);
    if (signer != nullptr) {
        out += "webhook-signature: ";
        signer->append_to(out, id, timestamp, body);
        out += "\r\n";
    }
}

}  // namespace pollhook::sink
