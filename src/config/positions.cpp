#include "pollhook/config/positions.hpp"

namespace pollhook::config {

const Place& Positions::of(std::string_view table, std::string_view key) const
{
    const auto places = tables_.find(table);
    if (places == tables_.end())
        return whole_;
    const auto place = places->second.find(key);
    if (place != places->second.end())
        return place->second;
    const auto own = places->second.find("");
    return own == places->second.end() ? whole_ : own->second;
}

}  // namespace pollhook::config
