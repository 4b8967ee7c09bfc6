#pragma once

#include "families.hpp"

namespace pollhook::admin {

/// The `process_*` metrics that every Prometheus client has, out of /proc/self alone, since the service may
/// be shown nothing else of /proc. What cannot be read is left out.
void add_process_metrics(Families& families);

}  // namespace pollhook::admin
