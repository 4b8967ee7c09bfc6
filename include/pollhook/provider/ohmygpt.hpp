#pragma once

#include "pollhook/provider/account.hpp"
#include "pollhook/provider/page_plan.hpp"
#include "pollhook/provider/provider.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_set>

namespace pollhook::provider {

/// The OhMyGPT dialect: one task by `mj/query`, or the account's newest by pages of `mj/query-mj-tasks`. A
/// look takes whichever plan costs fewer requests; what the pages do not show is asked for one by one, since
/// only that tells a missing task.
class OhMyGpt final : public Provider {
public:
    /// Throws as Account does. `clock` and `client` must outlive it.
    OhMyGpt(const config::Provider& provider, base::Clock& clock, http::Client& client);

    [[nodiscard]] std::size_t batch_size() const noexcept override { return page_size_; }
    [[nodiscard]] boost::asio::awaitable<LookResult> look(std::span<const std::string> ids) override;
    [[nodiscard]] base::Result<task::Snapshot> snapshot(std::string_view raw) const override;
    [[nodiscard]] bool discovers() const noexcept override { return discovers_; }
    /// Pages until one shows nothing that earlier walks did not.
    [[nodiscard]] boost::asio::awaitable<LookResult> discover() override;

private:
    Account account_;
    std::size_t page_size_;
    bool discovers_;
    std::optional<FeedPosition> feed_;            // learnt from the newest page of the last look
    std::unordered_set<std::string> discovered_;  // ids that discover() saw, the last thousand or so
};

}  // namespace pollhook::provider
