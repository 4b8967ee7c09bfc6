#include "pollhook/poll/pauses.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace pollhook::poll {
namespace {

namespace json = boost::json;

std::optional<base::TimePoint> time_of(const json::value* value)
{
    if (value == nullptr || !value->is_int64())
        return std::nullopt;
    return base::from_unix_ms(value->get_int64());
}

base::Duration overlap(
    base::TimePoint from, base::TimePoint to, base::TimePoint other_from, base::TimePoint other_to
)
{
    return std::max(base::Duration(0), std::min(to, other_to) - std::max(from, other_from));
}

}  // namespace

std::string Pauses::note_name(std::string_view provider)
{
    return "pauses:provider/" + std::string(provider);
}

Pauses Pauses::parse(std::string_view text)
{
    Pauses out;
    boost::system::error_code ec;
    const json::value value = json::parse({text.data(), text.size()}, ec);
    if (ec || !value.is_object())
        return out;
    const json::object& object = value.get_object();
    out.since_ = time_of(object.if_contains("since"));
    if (const json::value* reason = object.if_contains("reason"); reason != nullptr && reason->is_string())
        out.reason_.assign(reason->get_string().data(), reason->get_string().size());
    const json::value* ended = object.if_contains("ended");
    if (ended == nullptr || !ended->is_array())
        return out;
    for (const json::value& one : ended->get_array()) {
        if (!one.is_array() || one.get_array().size() != 2)
            continue;
        const auto from = time_of(&one.get_array()[0]);
        const auto to = time_of(&one.get_array()[1]);
        if (from && to && *from <= *to)
            out.ended_.push_back({.from = *from, .to = *to});
    }
    return out;
}

std::string Pauses::text() const
{
    json::object object;
    if (since_) {
        object["since"] = base::to_unix_ms(*since_);
        object["reason"] = reason_;
    }
    json::array ended;
    for (const Span& span : ended_) {
        json::array pair;
        pair.emplace_back(base::to_unix_ms(span.from));
        pair.emplace_back(base::to_unix_ms(span.to));
        ended.push_back(std::move(pair));
    }
    object["ended"] = std::move(ended);
    return json::serialize(object);
}

void Pauses::begin(base::TimePoint now, std::string reason)
{
    if (since_)
        return;
    since_ = now;
    reason_ = std::move(reason);
}

void Pauses::end(base::TimePoint now)
{
    if (!since_)
        return;
    // The wall clock may have been set back meanwhile.
    if (now > *since_)
        ended_.push_back({.from = *since_, .to = now});
    since_.reset();
    reason_.clear();
    // A task that is older than so many pauses is a little older than it should be.
    if (ended_.size() > most_kept)
        ended_.erase(ended_.begin());
}

void Pauses::forget_before(base::TimePoint time)
{
    std::erase_if(ended_, [time](const Span& span) { return span.to < time; });
}

base::Duration Pauses::within(base::TimePoint from, base::TimePoint to) const
{
    base::Duration all{};
    for (const Span& span : ended_)
        all += overlap(from, to, span.from, span.to);
    if (since_)
        all += overlap(from, to, *since_, to);
    return all;
}

}  // namespace pollhook::poll
