#pragma once

#include "pollhook/config/config.hpp"
#include "pollhook/store/queries.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace pollhook::service {

/// Open tasks of a provider that is not configured: nobody looks at them until it is again.
struct Orphans {
    std::string provider;
    std::uint64_t open_tasks = 0;

    /// For people.
    [[nodiscard]] std::string text() const;
};

std::vector<Orphans> orphans(const store::Totals& totals, const std::vector<config::Provider>& providers);

void warn_of(const Orphans& orphans);

}  // namespace pollhook::service
