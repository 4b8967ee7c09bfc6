#pragma once

#include "pollhook/config/config.hpp"
#include "pollhook/store/sqlite_store.hpp"

namespace pollhook::service {

/// How a daemon with this configuration opens its database.
store::SqliteOptions store_options(const config::Config& config);

}  // namespace pollhook::service
