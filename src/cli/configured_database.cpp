#include "configured_database.hpp"

#include "client_options.hpp"
#include "pollhook/config/load.hpp"

namespace pollhook::cli {

std::filesystem::path configured_database(const std::optional<std::filesystem::path>& config)
{
    const auto environment = config::process_environment();
    const auto loaded =
        config::load(config::find(config, environment), environment, config::MissingSecret::stays_empty);
    if (!loaded)
        throw ConfigurationError(loaded.error().text());
    return loaded->daemon.state_dir / loaded->store.file;
}

}  // namespace pollhook::cli
