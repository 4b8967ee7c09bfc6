#include "event_stream.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace pollhook::cli {
namespace {

std::vector<std::string> taken(StreamParser& parser)
{
    std::vector<std::string> all;
    while (auto event = parser.take())
        all.push_back(event->type + " " + event->data + " " + parser.last_id());
    return all;
}

TEST(StreamParserTest, ReadsEventsWhereverTheirBytesAreCut)
{
    constexpr std::string_view text =
        "retry: 1000\n\nid: 3\n\n:\n\nid: 4\r\ndata: {\"a\":\ndata: 1}\n\nevent: gap\ndata:x\n\nid: 9\n\n";
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        StreamParser parser;
        parser.feed(text.substr(0, cut));
        parser.feed(text.substr(cut));
        const std::vector<std::string> expected{"message {\"a\":\n1} 4", "gap x 9"};
        EXPECT_EQ(taken(parser), expected) << cut;
    }
}

TEST(StreamParserTest, AnIdCountsWhenItsEventWasTaken)
{
    StreamParser parser;
    parser.feed("id: 1\ndata: a\n\nid: 2\ndata: b\n\nid: 7\n\n");
    EXPECT_EQ(parser.last_id(), "");
    EXPECT_TRUE(parser.has_event());
    parser.take();
    EXPECT_EQ(parser.last_id(), "1");
    parser.take();
    EXPECT_EQ(parser.last_id(), "7") << "and so does a later position once nothing is before it";
}

TEST(StreamParserTest, ForgetsWhatTheConnectionLeftIncomplete)
{
    StreamParser parser;
    parser.feed("id: 1\ndata: a\n\nid: 2\ndata: half");
    parser.cut();
    parser.feed("id: 2\ndata: whole\n\n");
    EXPECT_EQ(taken(parser), (std::vector<std::string>{"message a 1", "message whole 2"}));
}

}  // namespace
}  // namespace pollhook::cli
