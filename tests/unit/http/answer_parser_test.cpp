#include "pollhook/http/answer_parser.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace pollhook::http {
namespace {

using State = AnswerParser::State;

/// What comes of bytes that arrive one by one, with what was not understood kept in front.
State feed_bytewise(AnswerParser& parser, std::string_view bytes)
{
    std::string waiting;
    State state = State::needs_more;
    for (const char byte : bytes) {
        waiting += byte;
        std::size_t used = 0;
        state = parser.feed(waiting, used);
        waiting.erase(0, used);
        if (state != State::needs_more)
            break;
    }
    return state;
}

class AnswerParserTest : public testing::Test {
protected:
    Request request_;
    Response response_;
    AnswerParser parser_{request_, response_};
};

TEST_F(AnswerParserTest, AnEmptyChunkedBodyMayComeByteByByte)
{
    EXPECT_EQ(
        feed_bytewise(parser_, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        State::complete
    );
    EXPECT_EQ(response_.status, 200);
    EXPECT_EQ(response_.body, "");
}

TEST_F(AnswerParserTest, ATrailerBehindAnEmptyBodyMayComeByteByByte)
{
    EXPECT_EQ(
        feed_bytewise(parser_, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n\r\n"),
        State::complete
    );
}

TEST_F(AnswerParserTest, ChunksMayComeByteByByte)
{
    EXPECT_EQ(
        feed_bytewise(
            parser_,
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n3;x=y\r\nbcd\r\n0\r\n\r\n"
        ),
        State::complete
    );
    EXPECT_EQ(response_.body, "abcd");
}

TEST_F(AnswerParserTest, NonsenseBehindTheLastChunkIsRefused)
{
    EXPECT_EQ(
        feed_bytewise(
            parser_, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nh\xb7llo\r\n6H\x7f}y\r\n\r\n"
        ),
        State::malformed
    );
}

}  // namespace
}  // namespace pollhook::http
