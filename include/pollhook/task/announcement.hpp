#pragma once

#include "pollhook/base/time.hpp"
#include "pollhook/task/event.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace pollhook::task {

/// An event of pollhook's own: a sink that fails, a delivery that was given up. It is stored and delivered
/// like a task's event, but belongs to a subject instead of a task.
struct Announcement {
    EventType type{};     ///< is_own()
    std::string subject;  ///< `sink/ops`, `provider/quickrouter`, `delivery/quickrouter/1743326750223591`
    std::string members;  ///< further members of `data` as JSON text, each after a comma: `,"sink":"ops"`
    base::TimePoint at{};
};

/// The members of `facts` as Announcement::members wants them.
std::string members_of(const boost::json::object& facts);

/// `evt_` and 32 hexadecimal digits of a SHA-256 over subject, sequence, type and time: drawn up once, when
/// the announcement is stored.
std::string event_id(const Announcement& announcement, std::uint32_t sequence);

/// The Standard Webhooks payload: `{"type":"sink.failing","timestamp":"…","data":{"subject":"sink/ops",
/// "sequence":3,…}}`. Its `upstream_at` is 0: there is no relay's object in it.
EventBody assemble(const Announcement& announcement, std::uint32_t sequence);

}  // namespace pollhook::task
