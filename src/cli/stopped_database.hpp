#pragma once

#include "admin_client.hpp"
#include "commands.hpp"

#include <boost/json/object.hpp>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace pollhook::cli {

/// What `db prune` asks the daemon, done on the database of the configuration while no daemon runs, under the
/// lock that a daemon takes: the answer is as that of `POST /v1/prune`, with all that was deleted. `progress`
/// is told how many tasks so far.
///
/// Empty when another process holds the lock. Throws ConfigurationError.
Outcome<std::optional<boost::json::object>> prune_stopped(
    const DbPruneOptions& options,
    const std::optional<std::filesystem::path>& config,
    const std::function<void(std::uint64_t tasks)>& progress
);

}  // namespace pollhook::cli
