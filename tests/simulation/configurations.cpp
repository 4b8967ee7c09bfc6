#include "configurations.hpp"

#include <algorithm>
#include <utility>

namespace pollhook::simulation {

Configurations::Configurations(config::Config first, base::SteadyPoint now)
{
    write(std::move(first), now);
}

void Configurations::write(config::Config next, base::SteadyPoint now)
{
    Version version;
    version.config = std::move(next);
    version.written_at = now;
    versions_.push_back(std::move(version));
}

void Configurations::took_over(std::size_t version, base::SteadyPoint now)
{
    Version& it = versions_.at(version);
    it.in_force_from = std::min(it.in_force_from, now);
}

bool Configurations::is_in_force(std::size_t version) const
{
    return std::ranges::any_of(std::span(versions_).subspan(version), [](const Version& one) {
        return one.in_force_from != base::SteadyPoint::max();
    });
}

std::span<const Configurations::Version> Configurations::between(base::SteadyPoint from, base::SteadyPoint to)
    const
{
    std::size_t first = 0;
    std::size_t last = 0;
    for (std::size_t i = 1; i < versions_.size(); ++i) {
        if (versions_[i].in_force_from <= from)
            first = i;
        if (versions_[i].written_at <= to)
            last = i;
    }
    return std::span(versions_).subspan(first, last - first + 1);
}

}  // namespace pollhook::simulation
