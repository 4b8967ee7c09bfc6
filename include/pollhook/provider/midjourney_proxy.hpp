#pragma once

#include "pollhook/provider/account.hpp"
#include "pollhook/provider/provider.hpp"

#include <cstddef>

namespace pollhook::provider {

/// The midjourney-proxy dialect (QuickRouter, new-api relays, midjourney-proxy itself): many tasks by one
/// `POST /mj/task/list-by-condition`, whose answer leaves out the ids that it does not know.
///
/// A batch that is refused is halved until the id that spoils it stands alone, within a bound on requests. A
/// relay that fails as a whole sees two more requests at most.
class MidjourneyProxy final : public Provider {
public:
    /// Throws as Account does. `clock` and `client` must outlive it.
    MidjourneyProxy(const config::Provider& provider, base::Clock& clock, http::Client& client);

    [[nodiscard]] std::size_t batch_size() const noexcept override { return batch_size_; }
    [[nodiscard]] boost::asio::awaitable<LookResult> look(std::span<const std::string> ids) override;
    [[nodiscard]] base::Result<task::Snapshot> snapshot(std::string_view raw) const override;

private:
    Account account_;
    std::size_t batch_size_;
};

}  // namespace pollhook::provider
