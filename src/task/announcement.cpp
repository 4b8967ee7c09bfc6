#include "pollhook/task/announcement.hpp"

#include "event_digest.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/string_view.hpp>
#include <fmt/format.h>

namespace pollhook::task {

std::string members_of(const boost::json::object& facts)
{
    if (facts.empty())
        return {};
    std::string text = boost::json::serialize(facts);
    text.front() = ',';
    text.pop_back();
    return text;
}

std::string event_id(const Announcement& announcement, std::uint32_t sequence)
{
    std::string facts = announcement.subject;
    // A task's facts have two zero bytes, so the ids of both kinds never meet.
    facts += '\0';
    facts += fmt::format(
        "{} {} {}", sequence, name(announcement.type), announcement.at.time_since_epoch().count()
    );
    return id_of(facts);
}

EventBody assemble(const Announcement& announcement, std::uint32_t sequence)
{
    const boost::json::string_view subject(announcement.subject.data(), announcement.subject.size());
    EventBody body;
    body.bytes = fmt::format(
        R"({{"type":"{}","timestamp":"{}","data":{{"subject":{},"sequence":{}{}}}}})",
        name(announcement.type),
        base::format_rfc3339(announcement.at),
        boost::json::serialize(subject),
        sequence,
        announcement.members
    );
    return body;
}

}  // namespace pollhook::task
