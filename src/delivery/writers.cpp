#include "pollhook/delivery/writers.hpp"

#include <algorithm>

namespace pollhook::delivery {
namespace {

bool is_gone(const std::weak_ptr<sink::Sink>& sink)
{
    return sink.expired();
}

}  // namespace

Writers::Former Writers::add(const std::string& file, const std::shared_ptr<sink::Sink>& next)
{
    for (auto& [other, sinks] : all_)
        std::erase_if(sinks, is_gone);
    std::erase_if(all_, [](const auto& entry) { return entry.second.empty(); });
    Former& writers = all_[file];
    Former former = writers;
    writers.push_back(next);
    return former;
}

bool Writers::any_left(const Former& former)
{
    return !std::ranges::all_of(former, is_gone);
}

}  // namespace pollhook::delivery
