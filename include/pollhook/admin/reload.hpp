#pragma once

#include "pollhook/base/time.hpp"
#include "pollhook/config/changes.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace pollhook::admin {

/// What came of asking for a reload.
struct ReloadResult {
    enum class Kind : std::uint8_t {
        done,
        wrong,    ///< the files, or what they ask for: nothing has changed
        refused,  ///< the daemon is stopping, or was not started from a file
        failed,   ///< the store could not take it: nothing has changed
    };
    Kind kind = Kind::done;
    base::TimePoint at{};
    config::Changes changes;
    /// One line each, such as `/etc/pollhook/pollhook.toml:3:14: unknown key "evnts" in [sink]`.
    std::vector<std::string> errors;
    /// Of a reload that is done: what it leaves without care, for people; one line each.
    std::vector<std::string> warnings;

    [[nodiscard]] bool succeeded() const noexcept { return kind == Kind::done; }
};

/// Who reloads the configuration: the service. Lives on the loop.
struct Reloading {
    /// Reads the configuration after this call and completes with the result. Empty: nobody can.
    std::function<boost::asio::awaitable<ReloadResult>()> reload;
    /// The same without waiting. False when it is refused.
    std::function<bool()> request;
    std::uint64_t count = 0;           ///< reloads that have ended
    std::optional<ReloadResult> last;  ///< empty before the first

    /// What runs is what was last asked for: true before the first reload.
    [[nodiscard]] bool last_succeeded() const noexcept { return !last || last->succeeded(); }
};

/// As the API shows it: `{"success","time","message","errors","warnings","changes"}`.
boost::json::object encode(const ReloadResult& result);

}  // namespace pollhook::admin
