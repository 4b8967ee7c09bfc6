#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pollhook::simulation {

/// The secrets of a run and the one host that may see each; none: nobody may.
class Canaries {
public:
    void add(std::string secret, std::string host) { all_.emplace_back(std::move(secret), std::move(host)); }

    /// The host whose secret is in `bytes` although `place` is not that host; empty: all is well.
    [[nodiscard]] std::string leak_in(std::string_view bytes, std::string_view place) const
    {
        for (const auto& [secret, host] : all_)
            if (host != place && bytes.find(secret) != std::string_view::npos)
                return "a secret of " + (host.empty() ? "pollhook" : host);
        return {};
    }

private:
    std::vector<std::pair<std::string, std::string>> all_;
};

}  // namespace pollhook::simulation
