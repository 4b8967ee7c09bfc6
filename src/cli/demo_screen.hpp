#pragma once

#include "pollhook/base/time.hpp"
#include "pollhook/simulator/order_check.hpp"
#include "pollhook/simulator/receiver.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace pollhook::cli {

/// What the demo shows: one line for each thing that happens, as text that fits 80 columns, and the numbers
/// of its end. Knows no socket and writes nothing itself.
class DemoScreen {
public:
    /// Where the three parts listen, as base URLs, and how to run the program again.
    struct Places {
        std::string relay;
        std::string admin;
        std::string receiver;
        std::string program = "pollhook";  ///< what to type for it
    };

    enum class Colors : std::uint8_t { off, on };
    explicit DemoScreen(Colors colors) : colors_(colors) {}

    [[nodiscard]] std::string header(const Places& places) const;
    /// A task's status changed at the relay, to the relay's own word.
    [[nodiscard]] std::string relay_line(base::TimePoint now, std::string_view id, std::string_view word)
        const;
    /// A webhook arrived; it counts for the summary.
    [[nodiscard]] std::string webhook_line(const simulator::Receipt& receipt);
    [[nodiscard]] std::string problem_line(base::TimePoint now, std::string_view text) const;
    [[nodiscard]] std::string summary(std::size_t registered, base::Duration elapsed) const;

private:
    [[nodiscard]] std::string paint(std::string_view code, std::string_view text) const;
    [[nodiscard]] std::string clock_text(base::TimePoint time) const;
    [[nodiscard]] std::string outcome(const simulator::Receipt& receipt, base::Duration since_event) const;

    Colors colors_;
    simulator::OrderCheck order_;
    std::set<std::string, std::less<>> ended_;
    std::vector<base::Duration> delays_;  ///< of first attempts, from the event to the receiver
    std::size_t received_ = 0;
    std::size_t verified_ = 0;
    std::size_t refused_ = 0;                           ///< attempts, on purpose
    std::set<std::string, std::less<>> to_come_again_;  ///< events that were refused and not taken since
};

}  // namespace pollhook::cli
