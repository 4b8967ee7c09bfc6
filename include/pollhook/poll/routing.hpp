#pragma once

#include "pollhook/config/config.hpp"
#include "pollhook/store/store.hpp"
#include "pollhook/task/detect.hpp"

#include <array>
#include <span>
#include <string_view>
#include <vector>

namespace pollhook::poll {

/// Where the event of one transition goes.
struct Destinations {
    std::vector<store::SinkRow> sinks;
    std::vector<store::SinkId> latest;  ///< those whose order is `latest`, the task's own URL included
    bool task_webhook = false;
};

/// Decides who gets an event: by type, provider and progress step, as the sinks are configured. Pure and
/// immutable.
class Routing {
public:
    /// `rows` belong to `sinks`, in their order.
    Routing(
        const config::TaskWebhooks& task_webhooks,
        std::span<const config::Sink> sinks,
        std::span<const store::SinkRow> rows
    );

    [[nodiscard]] Destinations destinations(std::string_view provider, const task::Transition& transition)
        const;

private:
    struct Route {
        store::SinkRow row;
        std::array<bool, 12> wants{};        // by task::EventType
        std::vector<std::string> providers;  // empty: all
        int progress_step = 1;
        bool latest = false;
    };
    std::vector<Route> routes_;
    std::array<bool, 12> task_webhook_wants_{};
    bool task_webhook_latest_ = false;
};

}  // namespace pollhook::poll
