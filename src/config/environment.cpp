#include "pollhook/config/environment.hpp"

#include <cstdlib>

namespace pollhook::config {

Environment process_environment()
{
    return [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): see the header
        return value == nullptr ? std::nullopt : std::optional<std::string>(value);
    };
}

}  // namespace pollhook::config
