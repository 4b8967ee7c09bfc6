#pragma once

#include "document.hpp"

/// What keys that each are good may not say together.
namespace pollhook::config {

/// What signs beside the secret needs the secret, whose key is called `secret`.
void check_signing(
    const Places& places, std::string_view secret, const std::vector<Secret>& previous, Report& report
);

void check_proxy(const Places& places, Report& report);

/// All that can be said about one sink without knowing the rest of the configuration.
void check_combinations(const Sink& sink, const Places& places, Report& report);

}  // namespace pollhook::config
