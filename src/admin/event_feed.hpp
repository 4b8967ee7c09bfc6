#pragma once

#include "pollhook/base/clock.hpp"
#include "pollhook/http/server.hpp"
#include "pollhook/store/store.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>

namespace pollhook::admin {

/// Where a stream of events begins.
enum class FeedStart : std::uint8_t {
    now,       ///< with the next event
    position,  ///< behind EventQuery::after
    time,      ///< with EventQuery::since
};

/// Sends events as they are committed, to any number of readers up to a limit (Server-Sent Events).
///
/// Nothing is queued for a reader: each has a position, and reads the store from there in pages when it is
/// ready for more, so a slow one costs no memory and misses nothing. Lives on the loop.
class EventFeed {
public:
    static constexpr std::size_t most_readers = 32;
    /// Of these, for readers of all tasks: who follows single ones, as `task wait` does, can ask for them.
    static constexpr std::size_t kept_free = 8;

    /// Both outlive the feed, which is the store's only listener.
    EventFeed(store::Store& store, base::Clock& clock);
    EventFeed(const EventFeed&) = delete;
    EventFeed& operator=(const EventFeed&) = delete;
    ~EventFeed();

    [[nodiscard]] bool has_room_for(const store::EventQuery& query) const noexcept
    {
        return readers_.size() + (query.tasks.empty() ? 0 : kept_free) < most_readers;
    }

    /// Sends what matches `query`, of which limit and order do not count, until `out` ends. `out` outlives
    /// the operation.
    [[nodiscard]] boost::asio::awaitable<void> send(
        store::EventQuery query, FeedStart start, http::ResponseStream& out
    );

private:
    struct Reader {
        std::unique_ptr<base::Timer> timer;
        bool has_news = true;
    };
    class Place;

    boost::asio::awaitable<bool> wait_for_news(
        Reader& reader, std::int64_t position, std::int64_t& told, http::ResponseStream& out
    );

    store::Store& store_;
    base::Clock& clock_;
    std::list<Reader> readers_;
};

/// One event as the stream has it: `id: 12`, then `data:` and the same JSON that `/v1/events` has.
std::string encode_for_stream(const store::StoredEvent& event);

/// What a reader of the stream has to be told before a page: that events are missing in front of it which
/// it has not seen. Empty when none are. `after` is where it stands; `told` is how far the gaps are known to
/// it, and is brought up to date.
std::string gap_before(const store::EventPage& page, std::int64_t after, std::int64_t& told);

}  // namespace pollhook::admin
