#pragma once

#include "pollhook/config/config.hpp"
#include "pollhook/store/store.hpp"
#include "pollhook/task/detect.hpp"

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pollhook::poll {

/// Where the event of one transition goes.
struct Destinations {
    std::vector<store::Addressee> addressees;  ///< configured sinks
    bool task_webhook = false;                 ///< also the task's own URL
    bool task_webhook_latest = false;          ///< whose order is `latest`
};

/// Decides who gets an event: by type, provider, action and progress step, as the sinks are configured. What
/// they want of the metadata goes along, since only the store knows it. Pure and immutable.
class Routing {
public:
    /// `rows` belong to `sinks`, in their order.
    Routing(
        const config::TaskWebhooks& task_webhooks,
        std::span<const config::Sink> sinks,
        std::span<const store::SinkRow> rows
    );

    /// `action`: the relay's word for what the task does, such as `IMAGINE`; empty: not known.
    [[nodiscard]] Destinations destinations(
        std::string_view provider, std::string_view action, const task::Transition& transition
    ) const;

private:
    /// By task::EventType.
    using Selection = std::array<bool, task::event_type_count>;
    struct Route {
        store::Addressee addressee;
        Selection wants{};
        std::vector<std::string> providers;  // empty: all
        std::vector<std::string> actions;    // empty: all
        int progress_step = 1;
    };
    std::vector<Route> routes_;
    Selection task_webhook_wants_{};
    bool task_webhook_latest_ = false;

    static Selection selection(std::span<const std::string> patterns);
};

}  // namespace pollhook::poll
