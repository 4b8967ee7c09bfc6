#include "pollhook/sink/format.hpp"

#include "fixture.hpp"
#include "pollhook/base/version.hpp"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

namespace pollhook::sink {
namespace {

using config::Format;

std::string common_fields(std::string_view content_type)
{
    return "User-Agent: " + std::string(base::user_agent()) +
           "\r\nContent-Type: " + std::string(content_type) +
           "\r\n"
           "pollhook-event: task.progress\r\n"
           "pollhook-provider: quickrouter\r\n"
           "pollhook-task: 1743326750223591\r\n"
           "pollhook-sequence: 3\r\n"
           "pollhook-attempt: 2\r\n"
           "webhook-id: evt_0123456789abcdef0123456789abcdef\r\n"
           "webhook-timestamp: 1795231124\r\n";
}

std::string fields(Format format, const Message& message, const Signer* signer = nullptr)
{
    std::string buffer;
    const std::string_view body = encode_body(format, message, buffer);
    std::string out;
    append_fields(out, format, message, body, signer);
    return out;
}

std::string body(Format format, const Message& message)
{
    std::string buffer;
    return std::string(encode_body(format, message, buffer));
}

TEST(FormatTest, SendsTheStandardBodyAsItIsStored)
{
    const Message message = progress_message();
    std::string buffer;
    EXPECT_EQ(encode_body(Format::standard, message, buffer).data(), standard_body.data());
    EXPECT_EQ(body(Format::standard, message), standard_body);
    EXPECT_EQ(fields(Format::standard, message), common_fields("application/json"));
}

TEST(FormatTest, SendsTheRelaysObjectBare)
{
    EXPECT_EQ(body(Format::bare, progress_message()), bare_body);
    EXPECT_EQ(fields(Format::bare, progress_message()), common_fields("application/json"));
}

TEST(FormatTest, WrapsTheDataInACloudEventsEnvelope)
{
    EXPECT_EQ(
        body(Format::cloudevents, progress_message()),
        R"({"specversion":"1.0","id":"evt_0123456789abcdef0123456789abcdef","source":"/pollhook/quickrouter",)"
        R"("type":"io.pollhook.task.progress","subject":"1743326750223591","time":"2026-11-21T03:18:39.123Z",)"
        R"("datacontenttype":"application/json","sequence":"0000000003","data":)" +
            std::string(data_body) + "}"
    );
    EXPECT_EQ(
        fields(Format::cloudevents, progress_message()),
        common_fields("application/cloudevents+json; charset=utf-8")
    );
}

TEST(FormatTest, WritesCloudEventsAttributesAsHeaders)
{
    EXPECT_EQ(body(Format::cloudevents_binary, progress_message()), data_body);
    EXPECT_EQ(
        fields(Format::cloudevents_binary, progress_message()),
        common_fields("application/json") +
            "ce-specversion: 1.0\r\n"
            "ce-id: evt_0123456789abcdef0123456789abcdef\r\n"
            "ce-source: /pollhook/quickrouter\r\n"
            "ce-type: io.pollhook.task.progress\r\n"
            "ce-subject: 1743326750223591\r\n"
            "ce-time: 2026-11-21T03:18:39.123Z\r\n"
            "ce-sequence: 0000000003\r\n"
    );
}

Message traced_message()
{
    Message message = progress_message();
    message.event_trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    message.trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-53995c3f42cd8ad8-01";
    message.tracestate = "rojo=00f067aa0ba902b7,congo=a \"b";
    return message;
}

TEST(FormatTest, SendsTheAttemptsTraceWithEveryFormat)
{
    for (const Format format :
         {Format::standard, Format::bare, Format::cloudevents, Format::cloudevents_binary}) {
        const std::string lines = fields(format, traced_message());
        EXPECT_NE(
            lines.find("\r\ntraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-53995c3f42cd8ad8-01\r\n"
                       "tracestate: rojo=00f067aa0ba902b7,congo=a \"b\r\n"),
            std::string::npos
        ) << lines;
        EXPECT_EQ(fields(format, progress_message()).find("trace"), std::string::npos);
    }
}

TEST(FormatTest, CloudEventsCarryTheEventsOwnSpanWhateverTheAttempt)
{
    const auto envelope = boost::json::parse(body(Format::cloudevents, traced_message()));
    EXPECT_EQ(envelope.at("traceparent").as_string(), traced_message().event_trace);
    EXPECT_EQ(envelope.at("tracestate").as_string(), traced_message().tracestate);
    const std::string lines = fields(Format::cloudevents_binary, traced_message());
    EXPECT_NE(
        lines.find("ce-traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n"
                   "ce-tracestate: rojo=00f067aa0ba902b7,congo=a%20%22b\r\n"),
        std::string::npos
    ) << lines;
}

TEST(FormatTest, NothingInADamagedTraceEndsItsHeaderLine)
{
    Message message = traced_message();
    message.trace = message.event_trace = "00-\r\nX: 1";
    message.tracestate = "a=1\r\nX: 2";
    const std::string lines = fields(Format::cloudevents_binary, message);
    EXPECT_EQ(lines.find("\nX:"), std::string::npos) << lines;
    EXPECT_EQ(boost::json::parse(body(Format::cloudevents, message)).at("traceparent"), "00-\r\nX: 1");
}

TEST(FormatTest, SequencesSortAsTextInCloudEvents)
{
    Message message = progress_message();
    const std::string third = body(Format::cloudevents, message);
    message.sequence = 4'294'967'295;
    EXPECT_NE(body(Format::cloudevents, message).find(R"("sequence":"4294967295")"), std::string::npos);
    EXPECT_NE(third.find(R"("sequence":"0000000003")"), std::string::npos);
}

TEST(FormatTest, NothingInAnIdEndsItsHeaderLine)
{
    Message message = progress_message();
    message.task_id = "a b\r\nX: \"%\xc3\xa9";
    const std::string out = fields(Format::cloudevents_binary, message);
    EXPECT_NE(out.find("pollhook-task: a%20b%0D%0AX:%20\"%%C3%A9\r\n"), std::string::npos) << out;
    EXPECT_NE(out.find("ce-subject: a%20b%0D%0AX:%20%22%25%C3%A9\r\n"), std::string::npos) << out;
}

TEST(FormatTest, EscapesTheEnvelopesTexts)
{
    Message message = progress_message();
    message.task_id = "a\"b\\c\n";
    const auto value = boost::json::parse(body(Format::cloudevents, message));
    EXPECT_EQ(value.at("subject").as_string(), "a\"b\\c\n");
}

TEST(FormatTest, SignsTheBytesThatAreSentWithTheTimeOfTheAttempt)
{
    const std::string_view secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const Signer signer = *Signer::make(secret);
    const Message message = progress_message();
    const std::string expected = signer.sign(message.event_id, 1795231124, bare_body);
    const std::string out = fields(Format::bare, message, &signer);
    EXPECT_EQ(out, common_fields("application/json") + "webhook-signature: " + expected + "\r\n");
}

TEST(FormatTest, ReusesTheEnvelopesBuffer)
{
    const Message message = progress_message();
    std::string buffer;
    const std::string first(encode_body(Format::cloudevents, message, buffer));
    const std::string second(encode_body(Format::cloudevents, message, buffer));
    EXPECT_EQ(first, second);
}

/// What pollhook says of a sink, which belongs to no provider and no task.
Message own_message()
{
    Message message = progress_message();
    message.type = task::EventType::sink_failing;
    message.provider = {};
    message.task_id = "sink/ops";
    message.body = R"({"type":"sink.failing","timestamp":"2026-11-21T03:18:39.123Z","data":{"sink":"ops"}})";
    message.upstream_at = 0;
    return message;
}

TEST(FormatTest, SendsOwnEventsWithoutProviderAndTask)
{
    const Message message = own_message();
    EXPECT_EQ(body(Format::standard, message), message.body);
    EXPECT_EQ(body(Format::bare, message), R"({"sink":"ops"})");
    for (const Format format : {Format::standard, Format::bare, Format::cloudevents}) {
        const std::string lines = fields(format, message);
        EXPECT_NE(lines.find("pollhook-event: sink.failing\r\n"), std::string::npos);
        EXPECT_EQ(lines.find("pollhook-provider"), std::string::npos);
        EXPECT_EQ(lines.find("pollhook-task"), std::string::npos);
    }
    const std::string binary = fields(Format::cloudevents_binary, message);
    EXPECT_NE(binary.find("ce-source: /pollhook\r\n"), std::string::npos);
    EXPECT_NE(binary.find("ce-type: io.pollhook.sink.failing\r\n"), std::string::npos);
    EXPECT_NE(binary.find("ce-subject: sink/ops\r\n"), std::string::npos);
    const auto envelope = boost::json::parse(body(Format::cloudevents, message));
    EXPECT_EQ(envelope.at("source").as_string(), "/pollhook");
    EXPECT_EQ(envelope.at("subject").as_string(), "sink/ops");
    EXPECT_EQ(envelope.at("data").at("sink").as_string(), "ops");
}

}  // namespace
}  // namespace pollhook::sink
