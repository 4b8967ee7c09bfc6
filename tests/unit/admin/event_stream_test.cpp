#include "unit/admin/api_fixture.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

// GET /v1/events/stream.

namespace pollhook::admin {
namespace {

/// A reader of one stream: what has come so far, as text.
class Listener {
public:
    Listener(const boost::asio::ip::tcp::endpoint& endpoint, std::string_view target, std::string_view fields)
        : socket_(loop_)
    {
        socket_.connect(endpoint);
        // A stream that says nothing fails the test instead of hanging it.
        const timeval patience{.tv_sec = 20, .tv_usec = 0};
        ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        std::string request = "GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n";
        request.append(fields).append("\r\n");
        boost::asio::write(socket_, boost::asio::buffer(request));
    }

    /// Reads on until `text` has come; false when the stream ended or was silent before.
    bool hears(std::string_view text)
    {
        std::array<char, 4096> some{};
        boost::system::error_code ec;
        while (!ec && heard_.find(text) == std::string::npos) {
            const std::size_t n = socket_.read_some(boost::asio::buffer(some), ec);
            heard_.append(some.data(), n);
        }
        return heard_.find(text) != std::string::npos;
    }
    /// The rows of the events heard so far.
    [[nodiscard]] std::vector<int> rows() const
    {
        std::vector<int> rows;
        constexpr std::string_view begin = "data: {\"position\":";
        for (auto at = heard_.find(begin); at != std::string::npos; at = heard_.find(begin, at + 1))
            rows.push_back(std::stoi(heard_.substr(at + begin.size())));
        return rows;
    }
    [[nodiscard]] const std::string& heard() const noexcept { return heard_; }

private:
    boost::asio::io_context loop_;
    boost::asio::ip::tcp::socket socket_;
    std::string heard_;
};

class EventStreamTest : public ApiTest {
protected:
    std::unique_ptr<Listener> listen(
        std::string_view target = "/v1/events/stream", std::string_view fields = {}
    )
    {
        return std::make_unique<Listener>(endpoint(), target, fields);
    }
    /// Stores events with the progress from `first` on.
    void progress(const std::string& id, int first, int last)
    {
        for (int percent = first; percent <= last; ++percent)
            record(id, task::Status::running, percent);
    }
};

TEST_F(EventStreamTest, SendsWhatHappensFromNowOn)
{
    add_task("1");
    progress("1", 1, 2);
    const auto listener = listen();
    ASSERT_TRUE(listener->hears("id: 2\n\n")) << "the reader learns where it begins: " << listener->heard();
    progress("1", 3, 3);
    ASSERT_TRUE(listener->hears("\"position\":3,"));
    EXPECT_EQ(listener->rows(), (std::vector{3}));
    EXPECT_NE(listener->heard().find("Content-Type: text/event-stream\r\n"), std::string::npos);
    EXPECT_NE(listener->heard().find("Cache-Control: no-store\r\n"), std::string::npos);
    EXPECT_NE(listener->heard().find("id: 3\ndata: {"), std::string::npos);
}

TEST_F(EventStreamTest, GoesOnAcrossAReloadAndBeginsAfterOne)
{
    add_task("1");
    progress("1", 1, 1);
    const auto before = listen();
    ASSERT_TRUE(before->hears("id: 1\n\n"));
    reload();
    const auto after = listen();
    ASSERT_TRUE(after->hears("id: 1\n\n"));
    progress("1", 2, 2);
    EXPECT_TRUE(before->hears("\"position\":2,")) << before->heard();
    EXPECT_TRUE(after->hears("\"position\":2,")) << after->heard();
}

TEST_F(EventStreamTest, GoesOnExactlyBehindTheLastEventId)
{
    add_task("1");
    progress("1", 1, 5);
    const auto listener =
        listen("/v1/events/stream?since=2000-01-01T00:00:00Z&cursor=1", "Last-Event-ID: 3\r\n");
    ASSERT_TRUE(listener->hears("\"position\":5,"));
    EXPECT_EQ(listener->rows(), (std::vector{4, 5}));
}

TEST_F(EventStreamTest, BeginsAtATimeOrBehindACursor)
{
    add_task("1");
    progress("1", 1, 3);
    const auto since = listen("/v1/events/stream?since=2000-01-01T00:00:00Z");
    ASSERT_TRUE(since->hears("\"position\":3,"));
    EXPECT_EQ(since->rows(), (std::vector{1, 2, 3}));
    const auto cursor = listen("/v1/events/stream?cursor=2");
    ASSERT_TRUE(cursor->hears("\"position\":3,"));
    EXPECT_EQ(cursor->rows(), (std::vector{3}));
}

TEST_F(EventStreamTest, ReadsAnyNumberOfEventsInPagesAndInOrder)
{
    constexpr int tasks = 4;
    std::vector<int> all;
    for (int task = 0; task < tasks; ++task) {
        add_task(std::to_string(task));
        progress(std::to_string(task), 1, 90);
        for (int i = 1; i <= 90; ++i)
            all.push_back(task * 90 + i);
    }
    const auto listener = listen("/v1/events/stream?cursor=0");
    ASSERT_TRUE(listener->hears("\"position\":360,"));
    EXPECT_EQ(listener->rows(), all);
}

TEST_F(EventStreamTest, FiltersByTypeProviderAndTask)
{
    for (const char* id : {"1", "2", "3"})
        add_task(id);
    for (const char* id : {"1", "2", "3"})
        progress(id, 1, 1);
    record("2", task::Status::succeeded, 100);
    const auto tasks = listen("/v1/events/stream?cursor=0&task=quick/1&task=quick/3");
    ASSERT_TRUE(tasks->hears("\"position\":3,"));
    EXPECT_EQ(tasks->rows(), (std::vector{1, 3}));
    const auto types = listen("/v1/events/stream?cursor=0&type=task.succeeded&provider=quick");
    ASSERT_TRUE(types->hears("\"position\":4,"));
    EXPECT_EQ(types->rows(), (std::vector{4}));
    const auto provider = listen("/v1/events/stream?cursor=0&provider=other");
    EXPECT_TRUE(provider->hears("id: 4\n\n")) << "the position moves on without a match";
    EXPECT_TRUE(provider->rows().empty());
}

TEST_F(EventStreamTest, TellsWhatRetentionHasDeletedInFrontOfTheReader)
{
    for (const char* id : {"1", "2"})
        add_task(id);
    progress("1", 1, 1);
    record("2", task::Status::succeeded, 100);
    settle_newest(store::DeliveryState::delivered, 200);
    progress("1", 2, 2);
    ASSERT_EQ(on_loop(store().prune(clock().now() + base::Duration(1), 10, clock().now())).tasks, 1U);

    const auto behind = listen("/v1/events/stream?cursor=1");
    ASSERT_TRUE(behind->hears("\"position\":3,"));
    EXPECT_NE(
        behind->heard().find("event: gap\ndata: {\"reason\":\"retention\",\"after\":1,\"through\":2}\n\n"),
        std::string::npos
    ) << behind->heard();
    const auto ahead = listen("/v1/events/stream?cursor=2");
    ASSERT_TRUE(ahead->hears("\"position\":3,"));
    EXPECT_EQ(ahead->heard().find("event: gap"), std::string::npos);
}

TEST_F(EventStreamTest, TellsAReaderThatIsAheadOfTheStore)
{
    add_task("1");
    progress("1", 1, 1);
    const auto listener = listen("/v1/events/stream", "Last-Event-ID: 900\r\n");
    ASSERT_TRUE(listener->hears("{\"reason\":\"restored\",\"after\":1,\"through\":900}"));
    progress("1", 2, 2);
    EXPECT_TRUE(listener->hears("\"position\":2,"));
}

TEST_F(EventStreamTest, RefusesWhatItCannotRead)
{
    EXPECT_EQ(get("/v1/events/stream?cursor=x").status, 400);
    EXPECT_EQ(get("/v1/events/stream?limit=1").status, 400);
    EXPECT_EQ(get("/v1/events/stream?task=17").status, 400);
    EXPECT_EQ(ask("GET", "/v1/events/stream", "Last-Event-ID: abc\r\n").status, 400);
    std::string many = "/v1/events/stream?";
    for (int i = 0; i < 101; ++i)
        many += "&provider=" + std::to_string(i);
    EXPECT_EQ(get(many).status, 400);
}

TEST_F(EventStreamTest, KeepsRoomFromReadersOfSingleTasks)
{
    constexpr std::string_view of_task = "/v1/events/stream?task=quick/17";
    std::vector<std::unique_ptr<Listener>> listeners;
    for (int i = 0; i < 24; ++i) {
        listeners.push_back(listen(of_task));
        ASSERT_TRUE(listeners.back()->hears("id: 0\n\n"));
    }
    EXPECT_EQ(get(of_task).status, 503);
    EXPECT_TRUE(listen()->hears("id: 0\n\n"));
}

TEST_F(EventStreamTest, RefusesMoreReadersThanItServes)
{
    std::vector<std::unique_ptr<Listener>> listeners;
    for (int i = 0; i < 32; ++i) {
        listeners.push_back(listen());
        ASSERT_TRUE(listeners.back()->hears("id: 0\n\n"));
    }
    const Reply refused = get("/v1/events/stream");
    EXPECT_EQ(refused.status, 503);
    EXPECT_EQ(refused.fields.at("Retry-After"), "5");
    EXPECT_EQ(get("/v1/status").status, 200);
    listeners.clear();
    EXPECT_TRUE([&] {
        for (int i = 0; i < 1000; ++i) {
            const auto one = listen();
            if (one->hears("id: 0\n\n"))
                return true;
        }
        return false;
    }()) << "readers that leave make room";
}

}  // namespace
}  // namespace pollhook::admin
