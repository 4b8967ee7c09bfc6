#pragma once

#include "pollhook/base/result.hpp"
#include "pollhook/task/observation.hpp"

#include <string_view>

namespace pollhook::provider {

/// Everything that an event tells, from one task object's bytes. Relays differ in the members that they send,
/// so every one may be missing or of another type; then it counts as absent. Errc::malformed_answer when
/// `raw` is not a valid JSON object.
base::Result<task::Snapshot> read_midjourney_proxy_snapshot(std::string_view raw);
base::Result<task::Snapshot> read_ohmygpt_snapshot(std::string_view raw);

}  // namespace pollhook::provider
