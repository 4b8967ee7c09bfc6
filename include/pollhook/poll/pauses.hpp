#pragma once

#include "pollhook/base/time.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pollhook::poll {

/// When a provider was not looked at because an operator said so: such time does not make its tasks older.
/// Kept in the store as a small text, also after the pause, since a restart counts the ages anew. Pure; wall
/// time.
class Pauses {
public:
    /// The name under which Store::meta() holds them.
    static std::string note_name(std::string_view provider);
    /// What text() wrote; none when it cannot be read.
    static Pauses parse(std::string_view text);
    [[nodiscard]] std::string text() const;

    /// Beginning again keeps the first reason.
    void begin(base::TimePoint now, std::string reason);
    void end(base::TimePoint now);
    /// What ended before `time` is of no use any more.
    void forget_before(base::TimePoint time);

    [[nodiscard]] bool is_paused() const noexcept { return since_.has_value(); }
    [[nodiscard]] std::optional<base::TimePoint> since() const noexcept { return since_; }
    [[nodiscard]] const std::string& reason() const noexcept { return reason_; }
    /// How much of the time from `from` to `to` was pause.
    [[nodiscard]] base::Duration within(base::TimePoint from, base::TimePoint to) const;

    bool operator==(const Pauses&) const = default;

private:
    struct Span {
        base::TimePoint from{};
        base::TimePoint to{};
        bool operator==(const Span&) const = default;
    };
    static constexpr std::size_t most_kept = 64;

    std::vector<Span> ended_;  // in their order, bounded
    std::optional<base::TimePoint> since_;
    std::string reason_;
};

}  // namespace pollhook::poll
