#include "pollhook/provider/factory.hpp"

#include "pollhook/provider/midjourney_proxy.hpp"
#include "pollhook/provider/ohmygpt.hpp"

#include <stdexcept>

namespace pollhook::provider {

std::unique_ptr<Provider> make_provider(
    const config::Provider& provider, base::Clock& clock, http::Client& client
)
{
    switch (provider.type) {
        case config::ProviderType::midjourney_proxy:
            return std::make_unique<MidjourneyProxy>(provider, clock, client);
        case config::ProviderType::ohmygpt: return std::make_unique<OhMyGpt>(provider, clock, client);
    }
    throw std::invalid_argument("a provider of an unknown type");
}

}  // namespace pollhook::provider
