#include "pollhook/provider/gathering.hpp"

#include "pollhook/provider/json_text.hpp"

namespace pollhook::provider {

Gathering::Gathering(const ItemDialect& dialect, Answer& answer)
    : answer_(answer),
      reader_(dialect, answer.bodies),
      anyone_(true)
{
}

Gathering::Gathering(const ItemDialect& dialect, Answer& answer, std::span<const std::string> asked)
    : answer_(answer),
      reader_(dialect, answer.bodies)
{
    places_.reserve(asked.size());
    for (const std::string& id : asked)
        places_.emplace(id, Place());
    answer_.observations.reserve(asked.size());
}

ItemsRead Gathering::read(std::string_view text)
{
    ItemsRead count;
    if (!text.starts_with('[')) {
        count.whole = take(text, count) != std::string_view::npos;
        return count;
    }
    std::size_t at = skip_space(text, 1);
    while (at < text.size() && text[at] != ']') {
        if (count.items == max_items)
            return count;
        const std::size_t length = take(text.substr(at), count);
        if (length == std::string_view::npos)
            return count;
        const std::size_t end = skip_space(text, at + length);
        if (end == text.size())
            return count;
        at = text[end] == ',' ? skip_space(text, end + 1) : end;
        if (at == end && text[at] != ']')
            return count;
    }
    count.whole = at < text.size();
    return count;
}

std::size_t Gathering::take(std::string_view text, ItemsRead& count)
{
    const ItemReader::Item item = reader_.read(text);
    if (item.outcome == ItemReader::Outcome::cut)
        return std::string_view::npos;
    ++count.items;
    if (item.outcome == ItemReader::Outcome::read) {
        ++count.readable;
        place(item.observation);
        return item.end;
    }
    ++answer_.malformed;
    const std::string_view id = item.observation.id;
    if (answer_.malformed_id.empty())
        answer_.malformed_id = id;
    if (id.empty())
        ++count.nameless;
    else if (const auto known = anyone_ ? places_.emplace(id, Place()).first : places_.find(id);
             known != places_.end())
        known->second.spoiled = true;
    return item.end;
}

void Gathering::place(const task::Observation& seen)
{
    auto found = places_.find(seen.id);
    if (found == places_.end()) {
        if (!anyone_) {
            ++answer_.foreign;
            return;
        }
        found = places_.emplace(seen.id, Place()).first;
    }
    Place& place = found->second;
    if (place.observation == none) {
        place.observation = answer_.observations.size();
        answer_.observations.push_back(seen);
    } else if (is_more_advanced(seen, answer_.observations[place.observation])) {
        answer_.observations[place.observation] = seen;
    }
}

bool Gathering::has_seen(std::string_view id) const
{
    const auto found = places_.find(id);
    return found != places_.end() && found->second.observation != none;
}

bool Gathering::is_spoiled(std::string_view id) const
{
    const auto found = places_.find(id);
    return found != places_.end() && found->second.spoiled;
}

bool is_more_advanced(const task::Observation& a, const task::Observation& b) noexcept
{
    if (task::rank(a.status) != task::rank(b.status))
        return task::rank(a.status) > task::rank(b.status);
    // A result beats a contradicting failure, in whatever order they come.
    if (is_terminal(a.status) && a.status != b.status)
        return a.status < b.status;
    return a.progress > b.progress;
}

}  // namespace pollhook::provider
