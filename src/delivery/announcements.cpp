#include "announcements.hpp"

#include <boost/json/object.hpp>

#include <string>

namespace pollhook::delivery {
namespace {

namespace json = boost::json;

json::string_view view(std::string_view text)
{
    return {text.data(), text.size()};
}

}  // namespace

task::Announcement announcement_of_sink(
    task::EventType type, const Destination& sink, std::string_view reason, base::TimePoint at
)
{
    json::object facts;
    facts["sink"] = view(sink.name());
    if (!reason.empty())
        facts["reason"] = view(reason);
    return {.type = type, .subject = "sink/" + sink.name(), .members = task::members_of(facts), .at = at};
}

task::Announcement announcement_of_dead(
    const store::ClaimedDelivery& delivery, const Destination& to, std::string_view reason, base::TimePoint at
)
{
    const store::StoredEvent& event = *delivery.event;
    json::object facts;
    facts["delivery"] = delivery.key.text();
    facts["sink"] = view(to.name());
    facts["provider"] = view(event.task.provider);
    facts["id"] = view(event.task.id);
    facts["eventId"] = view(event.id);
    facts["eventType"] = view(name(event.type));
    facts["attempts"] = delivery.attempts + 1;
    facts["reason"] = view(reason);
    return {
        .type = task::EventType::delivery_dead,
        .subject = "delivery/" + event.task.provider + '/' + event.task.id,
        .members = task::members_of(facts),
        .at = at,
    };
}

}  // namespace pollhook::delivery
