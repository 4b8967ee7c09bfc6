#include "hostile_answers.hpp"

#include <utility>

namespace pollhook::http {
namespace {

using test::close_connection;
using test::half_close;
using test::hang;
using test::PeerStep;
using test::read_request;
using test::reset_connection;
using test::send_bytes;
using test::send_forever;

constexpr Errc malformed = Errc::malformed_answer;
constexpr Errc reset = Errc::connection_reset;
constexpr Errc timed_out = Errc::timed_out;

const std::string ok = "HTTP/1.1 200 OK\r\n";
const std::string chunked = ok + "Transfer-Encoding: chunked\r\n\r\n";

class Table {
public:
    /// Sends `bytes` for a request, then does `then`; the verdict is the same for every caller.
    HostileAnswer& add(std::string name, std::string bytes, Verdict verdict, PeerStep then = hang())
    {
        return add_script(
            std::move(name), {read_request(), send_bytes(std::move(bytes)), std::move(then)}, verdict
        );
    }
    /// Whoever wants the status has got it; whoever needs all of the body has not.
    HostileAnswer& cut(std::string name, std::string bytes, Errc relay, PeerStep then = hang())
    {
        HostileAnswer& added = add(std::move(name), std::move(bytes), 200, std::move(then));
        added.relay = relay;
        return added;
    }
    /// An odd answer that is still whole and leaves the connection in order.
    HostileAnswer& kept(std::string name, std::string bytes, int status)
    {
        HostileAnswer& added =
            add_script(std::move(name), {read_request(), send_bytes(std::move(bytes))}, status);
        added.keeps = Keeps::yes;
        return added;
    }
    HostileAnswer& add_script(std::string name, test::RawPeer::Script script, Verdict verdict)
    {
        return answers.emplace_back(HostileAnswer{
            .name = std::move(name), .script = std::move(script), .receiver = verdict, .relay = verdict
        });
    }

    std::vector<HostileAnswer> answers;
};

void add_endings(Table& table)
{
    table.add_script("ClosesAtOnce", {close_connection()}, reset);
    table.add_script("ResetsAtOnce", {reset_connection()}, reset);
    table.add_script("ClosesAfterTheRequest", {read_request(), close_connection()}, reset);
    table.add_script("ResetsAfterTheRequest", {read_request(), reset_connection()}, reset);
    table.add_script("HalfClosesWithoutAnAnswer", {read_request(), half_close()}, reset);
    table.add("StatusLineCutOff", "HTTP/1.1 20", reset, close_connection());
    table.add("HeadCutOff", ok + "Content-Length: 2\r\n", reset, close_connection());
    table.add("HeadCutOffByAHalfClose", ok + "Content-Le", reset, half_close());
    table.add("HeadCutOffByAReset", ok + "Content-Le", reset, reset_connection());
    table.add("NeverAnswers", "", timed_out).impatience = Impatience::head;
    table.add("NeverEndsTheHead", ok + "X: y\r\n", timed_out).impatience = Impatience::head;
    table
        .add_script(
            "DripsTheHead", {read_request(), send_bytes(ok + std::string(200, 'x'), 1), hang()}, timed_out
        )
        .impatience = Impatience::head;
}

void add_status_lines(Table& table)
{
    const auto status_line = [&table](std::string name, const std::string& line) {
        table.add(std::move(name), line + "\r\nContent-Length: 0\r\n\r\n", malformed);
    };
    table.add("NoStatusLine", "Content-Length: 2\r\n\r\n{}", malformed);
    table.add("Http09Body", "<html><body>It works!</body></html>\n", malformed, close_connection());
    table.add("Http2Frames", std::string("\0\0\x12\4\0\0\0\0\0\0\3\0\0\0\x80\0\4\0\1\0\0", 21), malformed);
    table.add("Http2Preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", malformed);
    table.add("SmtpBanner", "220 mail.example ESMTP\r\n", malformed);
    table.add("SshBanner", "SSH-2.0-OpenSSH_9.2\r\n", malformed);
    table.add("RedisError", "-ERR unknown command 'POST'\r\n", malformed);
    table.add("TlsAlert", std::string("\x15\x03\x01\x00\x02\x02\x46", 7), malformed);
    table.add("BinaryGarbage", std::string("\x7f\xff\x00\x80\xfe\x01\x02\x03\r\n\r\n", 12), malformed);
    table.add("EmptyLineFirst", "\r\n" + ok + "Content-Length: 0\r\n\r\n", malformed);
    status_line("Http20", "HTTP/2.0 200 OK");
    status_line("Http2", "HTTP/2 200 OK");
    status_line("Http11LowerCase", "http/1.1 200 OK");
    status_line("LeadingSpace", " HTTP/1.1 200 OK");
    status_line("TabBeforeTheStatus", "HTTP/1.1\t200 OK");
    status_line("Icecast", "ICY 200 OK");
    status_line("RequestLine", "POST /hook HTTP/1.1");
    status_line("NoStatus", "HTTP/1.1 OK");
    status_line("Status000", "HTTP/1.1 000 Zero");
    status_line("Status099", "HTTP/1.1 099 Low");
    status_line("Status600", "HTTP/1.1 600 High");
    status_line("Status999", "HTTP/1.1 999 High");
    status_line("Status2000", "HTTP/1.1 2000 Long");
    status_line("Status20", "HTTP/1.1 20 Short");
    status_line("StatusNegative", "HTTP/1.1 -1 Below");
    status_line("StatusWithPlus", "HTTP/1.1 +20 Plus");
    status_line("StatusOfLetters", "HTTP/1.1 2OO OK");
    status_line("NulInTheReason", std::string("HTTP/1.1 200 O\0K", 16));
    status_line("HugeReason", "HTTP/1.1 200 " + std::string(20'000, 'x'));
    table.kept("NoReason", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", 200);
    table.add("NoReasonAndNoSpace", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", malformed);
    table.kept("ReasonInUtf8", "HTTP/1.1 200 \xe2\x9c\x93\r\nContent-Length: 0\r\n\r\n", 200);
}

void add_fields(Table& table)
{
    const auto field = [&table](std::string name, const std::string& lines) {
        table.add(std::move(name), ok + lines + "\r\nContent-Length: 0\r\n\r\n", malformed);
    };
    std::string many = ok;
    for (int i = 0; i < 10'000; ++i)
        many += "X-" + std::to_string(i) + ": y\r\n";
    table.add("TenThousandFields", many + "\r\n", malformed);
    table.add(
        "HugeField", ok + "X: " + std::string(20'000, 'x') + "\r\nContent-Length: 0\r\n\r\n", malformed
    );
    table.add("HugeFieldWithoutAnEnd", ok + "X: " + std::string(200'000, 'x'), malformed);
    field("NulInAValue", std::string("X: a\0b", 6));
    field("NulInAName", std::string("X\0Y: a", 6));
    field("NoColon", "X");
    field("NoName", ": x");
    field("SpaceInAName", "X Y: z");
    field("SpaceBeforeTheColon", "X : y");
    field("SpaceBeforeTheFirstField", " X: y");
    field("BareCrInAValue", "X: a\rb");
    table.add("BareLineFeeds", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", malformed);
    table.add("CarriageReturnsOnly", "HTTP/1.1 200 OK\rContent-Length: 0\r\r", malformed);
    table.kept("FoldedValue", ok + "X: a\r\n b\r\nContent-Length: 0\r\n\r\n", 200);
    table.kept(
        "LargeHeadWithinTheLimit",
        ok + "X: " + std::string(15'000, 'x') + "\r\nContent-Length: 0\r\n\r\n",
        200
    );
    table.add("ConnectionClose", ok + "Connection: close\r\nContent-Length: 0\r\n\r\n", 200);
    table.add(
        "ConnectionKeepAliveAndClose", ok + "Connection: keep-alive, close\r\nContent-Length: 0\r\n\r\n", 200
    );
    table.add(
        "Http10KeepAlive", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", 200
    );
}

void add_lengths(Table& table)
{
    const auto length = [&table](std::string name, const std::string& value) {
        table.add(std::move(name), ok + "Content-Length: " + value + "\r\n\r\nab", malformed);
    };
    length("LengthNegative", "-1");
    length("LengthWithPlus", "+2");
    length("LengthInHex", "0x2");
    length("LengthEmpty", "");
    length("LengthWithFraction", "2.0");
    length("LengthOfTwoWords", "2 2");
    length("LengthOverflows", "18446744073709551618");
    length("LengthOverflowsFar", std::string(60, '9'));
    length("LengthsAsAList", "2, 3");
    length("TwoLengths", "2\r\nContent-Length: 3");
    length("LengthAndChunked", "2\r\nTransfer-Encoding: chunked");
    table.add(
        "ChunkedAndLength", ok + "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n", malformed
    );
    table.cut("BodyShorterThanItsLength", ok + "Content-Length: 9\r\n\r\nabc", reset, close_connection());
    table.cut("BodyResetMidway", ok + "Content-Length: 9\r\n\r\nabc", reset, reset_connection());
    table.cut("BodyHangs", ok + "Content-Length: 9\r\n\r\nabc", timed_out).impatience = Impatience::body;
    HostileAnswer& drip = table.cut("BodyDrips", "", timed_out);
    drip.script = {
        read_request(), send_bytes(ok + "Content-Length: 900\r\n\r\n" + std::string(300, 'x'), 1), hang()
    };
    drip.impatience = Impatience::body;
    table.cut(
        "BodyOfAGigabyte",
        ok + "Content-Length: 1073741824\r\n\r\n",
        malformed,
        send_forever(std::string(65'536, 'x'))
    );
    table.cut("BodyWithoutAnEnd", ok + "\r\n", malformed, send_forever(std::string(65'536, 'x')));
    table.add("BodyLongerThanItsLength", ok + "Content-Length: 1\r\n\r\nabc", 200);
    table.add("BodyUntilTheEnd", ok + "\r\nabc", 200, half_close());
    table.add("TwoAnswers", ok + "Content-Length: 1\r\n\r\na" + ok + "Content-Length: 5\r\n\r\nstole", 200);
    table.add("BodyAfter204", "HTTP/1.1 204 No Content\r\n\r\nabc", 204);
    table.add("LengthOf204", "HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n", 204);
    table.add(
        "ChunkedBodyOf304",
        "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        304
    );
    table.kept("SameLengthTwice", ok + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nab", 200);
    table.kept("SameLengthAsAList", ok + "Content-Length: 2, 2\r\n\r\nab", 200);
    table.kept("LengthWithSpaces", ok + "Content-Length:   2  \r\n\r\nab", 200);
    table.kept("LengthWithZeros", ok + "Content-Length: 0002\r\n\r\nab", 200);
    table.kept("EncodedBody", ok + "Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x08", 200)
        .relay = malformed;
}

void add_chunks(Table& table)
{
    const auto coding = [&table](std::string name, const std::string& value) {
        table.add(
            std::move(name), ok + "Transfer-Encoding: " + value + "\r\n\r\n3\r\nabc\r\n0\r\n\r\n", malformed
        );
    };
    coding("CodingGzip", "gzip");
    coding("CodingChunkedThenGzip", "chunked, gzip");
    coding("CodingGzipThenChunked", "gzip, chunked");
    coding("CodingTwiceChunked", "chunked, chunked");
    coding("CodingIdentity", "identity");
    coding("CodingAlmostChunked", "xchunked");
    coding("CodingInTwoLines", "gzip\r\nTransfer-Encoding: chunked");
    coding("CodingEmpty", "");
    table.cut("ChunkSizeOverflows", chunked + "FFFFFFFFFFFFFFFFF\r\nabc", malformed);
    table.cut("ChunkSizeNegative", chunked + "-3\r\nabc\r\n0\r\n\r\n", malformed);
    table.cut("ChunkSizeOfLetters", chunked + "zz\r\nabc\r\n0\r\n\r\n", malformed);
    table.cut("ChunkSizePrefixed", chunked + "0x3\r\nabc\r\n0\r\n\r\n", malformed);
    table.cut("ChunkSizeEmpty", chunked + "\r\nabc\r\n0\r\n\r\n", malformed);
    table.cut("ChunkLongerThanItsSize", chunked + "3\r\nabcdef\r\n0\r\n\r\n", malformed);
    table.cut("ChunkShorterThanItsSize", chunked + "9\r\nabc\r\n0\r\n\r\n", timed_out).impatience =
        Impatience::body;
    table.cut("ChunkLinesOfBareFeeds", chunked + "3\nabc\n0\n\n", timed_out).impatience = Impatience::body;
    table.cut("LastChunkMissing", chunked + "3\r\nabc\r\n", reset, close_connection());
    table.cut("TrailerTooLong", chunked + "0\r\nX: " + std::string(65'536, 'x') + "\r\n\r\n", malformed);
    table.cut(
        "ChunkExtensionWithoutAnEnd", chunked + "1;x=", malformed, send_forever(std::string(8192, 'x'))
    );
    table.cut(
        "FramingOutOfProportion",
        chunked,
        malformed,
        send_forever("1;x=" + std::string(4096, 'x') + "\r\na\r\n")
    );
    table.cut(
        "ChunksWithoutAnEnd", chunked, malformed, send_forever("1000\r\n" + std::string(0x1000, 'x') + "\r\n")
    );
    table.add("BytesAfterTheLastChunk", chunked + "1\r\na\r\n0\r\n\r\nHTTP/1.1 500 Stolen\r\n\r\n", 200);
    table.cut("TrailerThatFrames", chunked + "1\r\na\r\n0\r\nContent-Length: 9\r\n\r\n", malformed);
    table.kept("TrailerThatAsksToWait", chunked + "1\r\na\r\n0\r\nRetry-After: 9\r\n\r\n", 200);
}

void add_statuses(Table& table)
{
    const std::string go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    const std::string final = ok + "Content-Length: 0\r\n\r\n";
    std::string eight;
    for (int i = 0; i < 8; ++i)
        eight += go_on;
    table.kept("OneInterimAnswer", go_on + final, 200);
    table.kept("EightInterimAnswers", eight + final, 200);
    table.add("NineInterimAnswers", eight + go_on + final, malformed);
    table.add("InterimAnswersWithoutAnEnd", "", malformed, send_forever(go_on));
    table.add(
        "InterimAnswerWithABody",
        "HTTP/1.1 103 Early Hints\r\nContent-Length: 3\r\n\r\nabc" + final,
        malformed
    );
    table.add("InterimAnswerThenTheEnd", go_on, reset, close_connection());
    table.add("InterimAnswerThenNothing", go_on, timed_out).impatience = Impatience::head;
    table.add("SwitchesProtocols", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n", malformed);
    table.kept(
        "WantsAnUpgrade", "HTTP/1.1 426 Upgrade Required\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n", 426
    );
    for (const int status : {300, 301, 302, 303, 307, 308})
        table.kept(
            "Redirect" + std::to_string(status),
            "HTTP/1.1 " + std::to_string(status) +
                " Away\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
            status
        );
    table.kept(
        "ProxyDemand", "HTTP/1.1 407 Proxy\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n", 407
    );
    table.kept("Status599", "HTTP/1.1 599 Odd\r\nContent-Length: 0\r\n\r\n", 599);
    HostileAnswer& early = table.add_script(
        "RefusesBeforeItReads",
        {send_bytes("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
         close_connection()},
        413
    );
    early.request_size = 16 * 1024 * 1024;
    table.add_script(
        "SpeaksFirst", {send_bytes("220 ready\r\n"), read_request(), send_bytes(final)}, malformed
    );
}

}  // namespace

std::vector<HostileAnswer> hostile_answers()
{
    Table table;
    add_endings(table);
    add_status_lines(table);
    add_fields(table);
    add_lengths(table);
    add_chunks(table);
    add_statuses(table);
    return std::move(table.answers);
}

}  // namespace pollhook::http
