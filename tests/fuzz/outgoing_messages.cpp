#include "fuzz/input.hpp"
#include "pollhook/sink/format.hpp"
#include "pollhook/sink/signature.hpp"
#include "pollhook/task/key.hpp"
#include "sink/batch.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

// What leaves the daemon with names and keys from outside. Lines: secret, previous secret, signing key, event
// id, task, provider, a signature that somebody else wrote; then the event's data.

namespace {

using namespace pollhook;

constexpr std::int64_t signed_at = 1'763'700'000;

/// Each line `name: value` ended by CRLF, and nothing in it that a receiver could take for another line.
void check_lines(std::string_view lines)
{
    while (!lines.empty()) {
        const std::size_t end = lines.find("\r\n");
        fuzz::expect(end != std::string_view::npos, "a header line has an end");
        const std::string_view line = lines.substr(0, end);
        fuzz::expect(line.find(": ") != std::string_view::npos, "a header line has a name");
        fuzz::expect(
            std::ranges::all_of(line, [](char c) { return c >= 0x20 && c < 0x7f; }),
            "a header line is visible text"
        );
        lines.remove_prefix(end + 2);
    }
}

void check_signature(const sink::Signer& signer, std::string_view secret, const sink::Message& message)
{
    const std::string timestamp = std::to_string(signed_at);
    const std::string header = signer.sign(message.event_id, signed_at, message.body);
    const std::string other =
        fuzz::is_sabotaged() ? std::string(message.body) : std::string(message.body) + ' ';
    const std::string public_key = signer.public_key();
    for (const std::string_view key : {secret, std::string_view(public_key)}) {
        if (key.empty())
            continue;
        const std::array keys{key};
        fuzz::expect(
            sink::verify(keys, message.event_id, timestamp, message.body, header), "I5: a signature fits"
        );
        fuzz::expect(
            !sink::verify(keys, message.event_id, timestamp, other, header), "I5: it fits nothing else"
        );
    }
}

void check_formats(const sink::Message& message, const boost::json::value& data, const sink::Signer* signer)
{
    using config::Format;
    for (const Format format :
         {Format::standard, Format::cloudevents, Format::cloudevents_binary, Format::bare}) {
        std::string buffer;
        const std::string_view body = sink::encode_body(format, message, buffer);
        std::string lines;
        sink::append_fields(lines, format, message, body, signer);
        check_lines(lines);
        if (format == Format::cloudevents_binary)
            fuzz::expect(boost::json::parse(body) == data, "the data is sent as it is");
        if (format != Format::cloudevents)
            continue;
        const boost::json::value event = boost::json::parse(body);
        fuzz::expect(event.at("data") == data, "the envelope holds the data");
        fuzz::expect(event.at("id").as_string() == message.event_id, "and the id");
        fuzz::expect(event.at("subject").as_string() == message.task_id, "and the task");
    }
    const std::array<const sink::Message*, 2> twice{&message, &message};
    const boost::json::value batch = boost::json::parse(sink::encode_batch(twice));
    fuzz::expect(batch.as_array().size() == 2 && batch.at(1).at("data") == data, "a batch holds both");
    std::string lines;
    sink::append_batch_fields(lines, twice, message.now, "[]", signer);
    check_lines(lines);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    fuzz::Input input(bytes, size);
    const std::string_view secret = input.until('\n');
    const std::array previous{input.until('\n')};
    const std::string_view signing_key = input.until('\n');
    sink::Message message;
    message.event_id = input.until('\n');
    message.task_id = input.until('\n');
    message.provider = input.until('\n');
    const std::string_view foreign = input.until('\n');
    message.type = task::EventType::progress;
    message.now = base::from_unix_ms(signed_at * 1000);
    message.event_time = message.now;

    const std::array keys{secret};
    (void)sink::verify(keys, message.event_id, std::to_string(signed_at), message.body, foreign);
    const auto signer =
        sink::Signer::make(secret, std::span(previous).first(previous.front().empty() ? 0 : 1), signing_key);
    boost::system::error_code malformed;
    const std::string_view text = input.rest();
    const boost::json::value data = boost::json::parse(text, malformed);
    // A relay's ids are checked where they come in, and its objects are parsed.
    const std::array names{message.event_id, message.task_id, message.provider};
    if (malformed || !data.is_object() || !std::ranges::all_of(names, task::is_valid_id))
        return 0;
    const std::string body =
        R"({"type":"task.progress","timestamp":"2026-11-21T03:18:39.123Z","data":)" + std::string(text) + '}';
    message.body = body;
    message.upstream_at = static_cast<std::uint32_t>(body.size() - text.size() - 1);
    if (signer)
        check_signature(*signer, secret, message);
    check_formats(message, data, signer ? &*signer : nullptr);
    return 0;
}
