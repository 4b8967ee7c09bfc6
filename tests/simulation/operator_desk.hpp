#pragma once

#include "canaries.hpp"
#include "configurations.hpp"
#include "process.hpp"
#include "scenario.hpp"
#include "timeline.hpp"
#include "trace.hpp"
#include "violations.hpp"

#include <boost/json/value.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace pollhook::simulation {

/// From the answer to a pause until somebody asks to resume.
struct SinkPause {
    std::string sink;
    std::optional<base::SteadyPoint> from;  ///< empty: it was never answered
    base::SteadyPoint until = base::SteadyPoint::max();
};

/// Whoever uses the admin API: registers tasks until each is acknowledged, pauses and resumes sinks.
class OperatorDesk {
public:
    struct Surroundings {
        Timeline* timeline = nullptr;
        Trace* trace = nullptr;
        const Canaries* canaries = nullptr;
        Violations* violations = nullptr;
        /// The process that answers now; null when none does.
        std::function<Process*()> process;
        Configurations* configurations = nullptr;
    };
    explicit OperatorDesk(Surroundings surroundings) : with_(std::move(surroundings)) {}

    /// `webhook_url` empty: none.
    void register_task(std::string provider, std::string id, std::string webhook_url);
    void pause(const std::string& sink);
    void resume(const std::string& sink);

    /// Deletes what is older than the configured retention.
    void prune();
    /// Asks until the daemon says that it goes by the configuration as it is written now.
    void reload();

    /// Asks until the answer tells that the job is stored.
    void retry_dead();
    /// Everything that ever happened, to this sink.
    void replay(const std::string& sink);
    /// Whether a job was asked for and is not acknowledged yet.
    [[nodiscard]] bool waits_for_answer() const noexcept { return waits_for_answer_; }

    /// Asks for what there is to see.
    void look_around();
    /// One answer, as JSON, when somebody answers.
    void look_at(const std::string& path, std::function<void(const boost::json::value&)> on_answer);

    [[nodiscard]] const std::vector<SinkPause>& pauses() const noexcept { return pauses_; }

    /// By the wall clock: when the registration of a provider's task was asked for last.
    [[nodiscard]] const std::map<std::pair<std::string, std::string>, base::TimePoint>& asked() const noexcept
    {
        return asked_;
    }
    /// Provider and id of what was acknowledged.
    [[nodiscard]] const std::set<std::pair<std::string, std::string>>& registered() const noexcept
    {
        return registered_;
    }

private:
    void try_to_reload(std::size_t version);
    void try_to_begin(const std::string& path, const std::string& body);
    void try_to_register(const std::string& provider, const std::string& id, const std::string& body);
    void post(const std::string& path, std::string body, const Process::OnAnswer& on_answer = {});
    void ask(http::ServerRequest request, const Process::OnAnswer& on_answer);

    Surroundings with_;
    std::map<std::pair<std::string, std::string>, base::TimePoint> asked_;
    std::set<std::pair<std::string, std::string>> registered_;
    std::vector<SinkPause> pauses_;
    bool waits_for_answer_ = false;
};

}  // namespace pollhook::simulation
