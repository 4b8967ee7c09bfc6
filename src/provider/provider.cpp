#include "pollhook/provider/provider.hpp"

namespace pollhook::provider {

boost::asio::awaitable<LookResult> Provider::discover()
{
    LookResult nothing;
    co_return nothing;
}

}  // namespace pollhook::provider
