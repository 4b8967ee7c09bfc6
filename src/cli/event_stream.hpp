#pragma once

#include "admin_client.hpp"

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace pollhook::cli {

/// One event of a stream as it came.
struct StreamEvent {
    std::string type;  ///< `message` unless the stream names it
    std::string data;
};

/// Splits the bytes of a stream of Server-Sent Events (HTML, 9.2.6). Pure.
class StreamParser {
public:
    /// Events that `bytes` complete wait to be taken.
    void feed(std::string_view bytes);
    std::optional<StreamEvent> take();
    [[nodiscard]] bool has_event() const noexcept { return !blocks_.empty(); }
    /// What is incomplete will never be complete: the connection has ended.
    void cut();

    /// What to resume with: of the last event taken, or a later one that the stream told between events.
    /// Empty: none yet.
    [[nodiscard]] const std::string& last_id() const noexcept { return last_id_; }

private:
    struct Block {
        std::optional<StreamEvent> event;
        std::string id;
    };
    void take_line(std::string_view line);
    void end_block();
    void skip_to_event();

    std::string begun_;  // of a line
    std::string type_;
    std::string id_;
    std::optional<std::string> data_;
    std::deque<Block> blocks_;
    std::string last_id_;
};

/// Follows `/v1/events/stream` of a daemon, blocking. When the connection ends it is made anew and goes on
/// behind the last event that was taken, so that nothing is lost or doubled by a restart of the daemon.
class EventStream {
public:
    using Clock = std::chrono::steady_clock;

    /// `target` has the filters. After a first success the daemon may be away for `patience`.
    EventStream(AdminAddress address, std::string token, std::string target, Clock::duration patience);
    ~EventStream();

    /// Connects and waits until the daemon has said where the stream begins: nothing from then on is missed.
    Outcome<void> open();
    /// The next event; none when `until` came first. A failure: the daemon refused, or was away too long.
    Outcome<std::optional<StreamEvent>> next(Clock::time_point until);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace pollhook::cli
