#pragma once

#include "pollhook/config/config.hpp"
#include "pollhook/config/load.hpp"

#include <vector>

namespace pollhook::sink {

/// What make_sink() would refuse, or a file that it needs and that cannot be used, key by key. Opens no
/// connection; reads the files of `tls`. The findings name no table yet. Any thread.
std::vector<config::Finding> check(const config::Sink& sink);
std::vector<config::Finding> check(const config::TaskWebhooks& task_webhooks);

}  // namespace pollhook::sink
