#include "event_feed.hpp"

#include "encode.hpp"
#include "pollhook/base/text.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <string_view>
#include <utility>

namespace pollhook::admin {

namespace asio = boost::asio;

namespace {

/// A page's bodies are in memory until they are sent.
constexpr std::size_t page_events = 100;
/// Proxies mostly cut a silent connection after a minute.
constexpr base::Duration heartbeat = std::chrono::seconds(15);

/// A text with line ends takes a `data:` for each of its lines (HTML, 9.2.6).
void append_data(std::string& out, std::string_view text)
{
    while (true) {
        const auto end = text.find_first_of("\r\n");
        out.append("data: ").append(text.substr(0, end)).append("\n");
        if (end == std::string_view::npos)
            return;
        text.remove_prefix(end + 1);
    }
}

std::string gap(std::string_view reason, std::int64_t after, std::int64_t through)
{
    return fmt::format(
        "event: gap\ndata: {{\"reason\":\"{}\",\"after\":{},\"through\":{}}}\n\n", reason, after, through
    );
}

}  // namespace

std::string encode_for_stream(const store::StoredEvent& event)
{
    std::string out = fmt::format("id: {}\n", event.row);
    append_data(out, encode_event(event));
    return out + "\n";
}

std::string gap_before(const store::EventPage& page, std::int64_t after, std::int64_t& told)
{
    // Rows only grow, so a reader can be ahead of the store only when that was replaced by an older one.
    if (after > page.newest)
        return gap("restored", page.newest, after);
    if (page.deleted <= std::max(page.looked_from, told))
        return {};
    told = page.deleted;
    return gap("retention", page.looked_from, page.deleted);
}

/// A reader's place in the list, for as long as it reads.
class EventFeed::Place {
public:
    explicit Place(EventFeed& feed) : feed_(feed), reader_(feed.readers_.emplace(feed.readers_.end()))
    {
        reader_->timer = feed.clock_.make_timer();
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() { feed_.readers_.erase(reader_); }

    Reader& reader() { return *reader_; }

private:
    EventFeed& feed_;
    std::list<Reader>::iterator reader_;
};

EventFeed::EventFeed(store::Store& store, base::Clock& clock) : store_(store), clock_(clock)
{
    store_.on_new_events([this] {
        for (Reader& reader : readers_) {
            reader.has_news = true;
            reader.timer->wake();
        }
    });
}

EventFeed::~EventFeed()
{
    store_.on_new_events({});
}

asio::awaitable<void> EventFeed::send(store::EventQuery query, FeedStart start, http::ResponseStream& out)
{
    Place place(*this);
    query.limit = page_events;
    if (start == FeedStart::now)
        query.after = std::numeric_limits<std::int64_t>::max();
    std::int64_t gap_told = 0;
    std::int64_t position_told = -1;
    bool is_open = co_await out.write("retry: 1000\n\n");
    while (is_open) {
        place.reader().has_news = false;
        asio::awaitable<base::Result<store::EventPage>> asking = store_.events(query);
        const base::Result<store::EventPage> page = co_await std::move(asking);
        if (!page) {
            spdlog::warn("admin.stream_failed: error=\"{}\"", base::printable(page.error().message()));
            co_return;
        }
        std::string text;
        if (std::exchange(start, FeedStart::position) != FeedStart::now)
            text = gap_before(*page, query.after, gap_told);
        for (const store::StoredEvent& event : page->events)
            text += encode_for_stream(event);
        if (!page->events.empty())
            position_told = page->events.back().row;
        query.after = std::min(page->position, page->newest);
        // The reader knows from the start where it stands, also when nothing happens before it is cut off.
        if (position_told < 0)
            text += fmt::format("id: {}\n\n", position_told = query.after);
        if (page->next == 0)
            query.since.reset();  // a clock that is set back later hides nothing
        is_open = co_await out.write(std::move(text));
        if (is_open && page->next == 0)
            is_open = co_await wait_for_news(place.reader(), query.after, position_told, out);
    }
}

/// False when the stream has ended. `reader`, `told` and `out` outlive the operation.
asio::awaitable<bool> EventFeed::wait_for_news(
    Reader& reader, std::int64_t position, std::int64_t& told, http::ResponseStream& out
)
{
    base::SteadyPoint until = clock_.steady_now() + heartbeat;
    while (!reader.has_news) {
        const bool is_silent = co_await reader.timer->wait_until(until);
        if (!is_silent)
            continue;
        // With a filter the position moves on unseen; a reader that resumes need not go that way again.
        std::string text = ":\n";
        if (std::exchange(told, position) != position)
            text += fmt::format("id: {}\n", position);
        text += "\n";
        const bool is_open = co_await out.write(std::move(text));
        if (!is_open)
            co_return false;
        until = clock_.steady_now() + heartbeat;
    }
    co_return true;
}

}  // namespace pollhook::admin
