#pragma once

#include "pollhook/base/clock.hpp"
#include "pollhook/config/config.hpp"
#include "pollhook/http/client.hpp"
#include "pollhook/provider/provider.hpp"

#include <memory>

namespace pollhook::provider {

/// The dialect that a `[[provider]]` names. `clock` and `client` must outlive it.
std::unique_ptr<Provider> make_provider(
    const config::Provider& provider, base::Clock& clock, http::Client& client
);

}  // namespace pollhook::provider
