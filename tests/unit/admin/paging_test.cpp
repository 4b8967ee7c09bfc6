#include "api_fixture.hpp"

#include <boost/json.hpp>

#include <set>

namespace pollhook::admin {
namespace {

class PagingApiTest : public ApiTest {
protected:
    /// The sizes of the pages, and every row's identity once.
    struct Walk {
        std::vector<std::size_t> pages;
        std::vector<std::string> rows;
    };

    Walk walk(const std::string& path, const std::string& member, const std::string& identity)
    {
        Walk walk;
        std::string target = path + "limit=2";
        for (int page = 0; page < 10; ++page) {
            const Reply reply = get(target);
            EXPECT_EQ(reply.status, 200);
            const auto& rows = reply.body.at(member).as_array();
            walk.pages.push_back(rows.size());
            for (const auto& row : rows)
                walk.rows.push_back(boost::json::value_to<std::string>(row.at(identity)));
            const auto& next = reply.body.at("nextCursor");
            if (next.is_null())
                break;
            target = path + "limit=2&cursor=" + boost::json::value_to<std::string>(next);
        }
        return walk;
    }
};

const std::vector<std::size_t> three_pages{2, 2, 1};

TEST_F(PagingApiTest, WalksTasksFromTheNewest)
{
    for (const char* id : {"1", "2", "3", "4", "5"})
        add_task(id);
    const Walk tasks = walk("/v1/tasks?", "tasks", "id");
    EXPECT_EQ(tasks.pages, three_pages);
    EXPECT_EQ(tasks.rows, (std::vector<std::string>{"5", "4", "3", "2", "1"}));
}

TEST_F(PagingApiTest, WalksWhatAFilterLeaves)
{
    for (const char* id : {"a1", "b2", "a3", "b4", "a5"})
        add_task(id);
    record("a3", task::Status::running, 1);
    EXPECT_EQ(walk("/v1/tasks?q=a&", "tasks", "id").rows, (std::vector<std::string>{"a5", "a3", "a1"}));
    EXPECT_EQ(walk("/v1/tasks?status=running&", "tasks", "id").rows, (std::vector<std::string>{"a3"}));
    EXPECT_TRUE(walk("/v1/tasks?provider=other&", "tasks", "id").rows.empty());
}

TEST_F(PagingApiTest, WalksEventsFromTheOldest)
{
    add_task("1");
    for (const int progress : {10, 20, 30, 40, 50})
        record("1", task::Status::running, progress);
    const Walk events = walk("/v1/events?", "events", "id");
    EXPECT_EQ(events.pages, three_pages);
    EXPECT_EQ(std::set<std::string>(events.rows.begin(), events.rows.end()).size(), 5U);
}

TEST_F(PagingApiTest, WalksEventsFromTheNewest)
{
    add_task("1");
    for (const int progress : {10, 20, 30, 40, 50})
        record("1", task::Status::running, progress);
    const Walk oldest_first = walk("/v1/events?", "events", "id");
    const Walk newest_first = walk("/v1/events?order=desc&", "events", "id");
    EXPECT_EQ(newest_first.pages, three_pages);
    EXPECT_EQ(
        newest_first.rows, std::vector<std::string>(oldest_first.rows.rbegin(), oldest_first.rows.rend())
    );
}

TEST_F(PagingApiTest, WalksDeliveries)
{
    add_task("1");
    for (const int progress : {10, 20, 30, 40, 50})
        record("1", task::Status::running, progress);
    const Walk deliveries = walk("/v1/deliveries?", "deliveries", "id");
    EXPECT_EQ(deliveries.pages, three_pages);
    EXPECT_EQ(std::set<std::string>(deliveries.rows.begin(), deliveries.rows.end()).size(), 5U);
}

}  // namespace
}  // namespace pollhook::admin
