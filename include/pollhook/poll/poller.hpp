#pragma once

#include "pollhook/base/clock.hpp"
#include "pollhook/base/episode.hpp"
#include "pollhook/base/histogram.hpp"
#include "pollhook/base/random.hpp"
#include "pollhook/base/stall.hpp"
#include "pollhook/base/task_group.hpp"
#include "pollhook/base/token_bucket.hpp"
#include "pollhook/config/config.hpp"
#include "pollhook/http/address_guard.hpp"
#include "pollhook/poll/pauses.hpp"
#include "pollhook/poll/provider_health.hpp"
#include "pollhook/poll/routing.hpp"
#include "pollhook/poll/scheduler.hpp"
#include "pollhook/poll/streak.hpp"
#include "pollhook/provider/provider.hpp"
#include "pollhook/store/intake.hpp"
#include "pollhook/store/store.hpp"

#include <boost/asio/awaitable.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace pollhook::poll {

/// What a poller works with. Everything outlives it.
struct Surroundings {
    provider::Provider* provider = nullptr;
    store::Store* store = nullptr;
    base::Clock* clock = nullptr;
    base::Random* random = nullptr;
    const Routing* routing = nullptr;
    store::DeliveryIntake* intake = nullptr;
    store::AnnouncementIntake* announcements = nullptr;
    /// Judges the webhookUrl that a relay tells of before a task adopts it.
    const http::AddressGuard* guard = nullptr;
};

/// Keeps the stored state of one provider's tasks in step with the relay: asks for what is due, records every
/// step in one transaction with its event and deliveries, and hands those on. Whatever the relay answers, it
/// goes on; only a broken store ends it, by an exception out of run(). A store that is full does not: what
/// could not be written is found again.
///
/// One for each provider, so that a dead relay delays nobody else. Lives on the loop.
class Poller {
public:
    /// The provider is surroundings.provider, whose owner keeps it.
    Poller(const config::Provider& settings, Surroundings surroundings);
    /// With a provider that the looks share, since a reload may replace it.
    Poller(
        const config::Provider& settings,
        std::shared_ptr<provider::Provider> provider,
        Surroundings surroundings
    );
    Poller(const Poller&) = delete;
    Poller& operator=(const Poller&) = delete;

    /// Reads the watched tasks from the store; before run().
    [[nodiscard]] boost::asio::awaitable<base::Result<void>> load();
    /// Polls until cancelled or closed. Throws when the store fails.
    [[nodiscard]] boost::asio::awaitable<void> run();

    /// What a reload changes. `provider` is null when the relay is asked as before; looks under way end with
    /// the one with which they began. Cannot fail.
    struct Next {
        config::Provider settings;
        std::shared_ptr<provider::Provider> provider;
        const Routing* routing = nullptr;
        const http::AddressGuard* guard = nullptr;
    };
    void adopt(Next next);
    /// Of adopt(), for one that closes.
    void adopt(const Routing& routing, const http::AddressGuard& guard);
    /// Ends run() soon: no further look, and those under way are cut short. The tasks stay in the store.
    void close();
    [[nodiscard]] bool is_running() const noexcept { return started_; }

    /// What the store holds about pauses holds here too from now on: nothing is looked at in a pause.
    void set_pauses(Pauses pauses);
    [[nodiscard]] const Pauses& pauses() const noexcept { return pauses_; }

    /// A task that was registered just now.
    void watch(const store::WatchedTask& task);
    /// A task that was removed.
    void forget(std::string_view id);

    struct Counters {
        std::uint64_t requests = 0;
        std::uint64_t failed_looks = 0;
        std::uint64_t looks = 0;  ///< tasks that an answer told of
        std::uint64_t transitions = 0;
        std::uint64_t malformed = 0;  ///< items that could not be read
        std::uint64_t foreign = 0;    ///< items that nobody asked for
        std::uint64_t bytes = 0;      ///< received
        /// Requests by what came of them: by provider::Errc, 0 for good ones. A look ends with its first bad
        /// one.
        std::array<std::uint64_t, provider::errc_count> results{};
        std::array<std::uint64_t, task::event_type_count> transitions_by_type{};
    };
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] const ProviderHealth& health() const noexcept { return health_; }
    [[nodiscard]] const Counters& counters() const noexcept { return counters_; }
    [[nodiscard]] const base::Histogram& request_times() const noexcept { return request_times_; }
    /// From the moment that a task was due until an answer was there.
    [[nodiscard]] const base::Histogram& detection_delays() const noexcept { return detection_delays_; }
    [[nodiscard]] std::size_t watched() const noexcept { return scheduler_.size(); }
    [[nodiscard]] std::size_t in_flight() const noexcept { return scheduler_.in_flight(); }
    /// Whether a look should have started before `then` and has not even now: the watchdog's question. It
    /// has to be asked now and then, since only what was seen by an earlier question is known to wait.
    [[nodiscard]] bool is_overdue(base::SteadyPoint then);

private:
    /// A task that a look is about. The row tells whether the slot still belongs to it.
    struct Flight {
        Slot slot{};
        store::TaskRow row{};
        base::SteadyPoint due = base::SteadyPoint::max();  ///< max: it was not, and came along
        bool landed = false;
    };
    /// When an answer was read, by both clocks: once for all of its tasks.
    struct Moment {
        base::SteadyPoint steady;
        base::TimePoint wall;
    };
    /// A change on its way to the store, and what holds once it is there.
    struct Step {
        Flight flight;
        task::EventType type{};
        task::Known next;
        std::optional<Scheduler::Settling> settling;
    };
    struct Steps {
        std::vector<store::Change> changes;
        std::vector<Step> steps;
    };

    struct Judged {
        Flight flight;
        Verdict verdict{};
    };
    struct Contradiction {
        store::TaskRow task{};
        std::string id;
        std::string word;
    };

    boost::asio::awaitable<void> schedule(base::TaskGroup& looks);
    boost::asio::awaitable<void> look(std::vector<std::string> ids, std::vector<Flight> flights);
    boost::asio::awaitable<void> discover();
    boost::asio::awaitable<void> discover_once(base::Timer& timer);
    boost::asio::awaitable<void> watch_discovered(
        const provider::Provider& asked, const provider::Answer& answer, std::vector<Flight>& flights
    );
    [[nodiscard]] bool discovers() const { return provider_->discovers() && !pauses_.is_paused(); }
    [[nodiscard]] std::size_t looks_allowed() const;
    [[nodiscard]] bool may_start();
    [[nodiscard]] base::SteadyPoint next_start();
    /// While empty lists are suspicious, one for a single task is so too.
    void suspect(provider::LookResult& result) const;
    /// What the last answer was worth: whether its empty list, or the lack of an answer about some task,
    /// tells anything.
    [[nodiscard]] bool believes_missing(const provider::LookResult& result) const;
    [[nodiscard]] bool was_about_tasks(const provider::LookResult& result) const;
    /// Whether the relay has failed for so long that the ages of its tasks count without an answer.
    [[nodiscard]] bool is_given_up(const provider::LookResult& result) const;
    void warn(const provider::LookFailure& failure, ProviderHealth::Step step) const;
    /// `asked`: who was asked; what befell a former provider says nothing about this one.
    void note(const provider::Provider& asked, const provider::LookResult& result);
    void note_delays(const provider::LookResult& result, const std::vector<Flight>& flights);
    /// What kind of answer the relay has given all the time.
    void note_streaks(const provider::LookResult& result);
    /// `id` empty: nobody can tell which task the item was meant to show.
    void warn_of_unreadable(std::string_view id);
    /// Three failures in a row, or a refused key, are told to the sinks that want to know.
    void announce_trouble(std::string_view reason);
    void announce_recovery();
    void announce(task::EventType type, std::string_view reason);

    using Asked = std::shared_ptr<provider::Provider>;
    /// `asked`: who gave the result, and can read it.
    boost::asio::awaitable<void> apply(Asked asked, provider::LookResult result, std::vector<Flight> flights);
    void observe(
        const provider::Provider& asked,
        const task::Observation& seen,
        Flight& flight,
        Moment now,
        Steps& steps,
        std::vector<Judged>& judged
    );
    void observe_settling(
        const provider::Provider& asked,
        const task::Observation& seen,
        Flight& flight,
        Moment now,
        Steps& steps
    );
    void judge(Verdict verdict, const Flight& flight, base::SteadyPoint now, std::vector<Judged>& judged);
    void add_step(
        const Flight& flight, const task::Transition& transition, const task::Snapshot& snapshot, Steps& steps
    );
    boost::asio::awaitable<void> note_contradictions();
    boost::asio::awaitable<void> end_settling();
    boost::asio::awaitable<void> announce(std::vector<Judged> judged, Steps& steps);
    boost::asio::awaitable<void> record(Steps steps);
    void land(const Step& step);
    [[nodiscard]] bool still_there(const Flight& flight) const;
    [[nodiscard]] std::optional<std::string> webhook_origin(const std::optional<std::string>& url) const;

    std::string name_;
    std::size_t max_in_flight_;
    base::Duration poll_interval_;
    double rate_;  // requests a second
    base::Duration lost_time_;
    Surroundings with_;
    std::shared_ptr<provider::Provider> provider_;
    Scheduler scheduler_;
    ProviderHealth health_;
    base::TokenBucket bucket_;
    std::unique_ptr<base::Timer> wake_up_;
    std::unique_ptr<base::Timer> wake_discovery_;
    base::TaskGroup* running_ = nullptr;  // of run()
    std::size_t looks_ = 0;
    bool started_ = false;
    bool closing_ = false;
    Pauses pauses_;
    base::SteadyPoint paused_at_{};  // while it is
    base::Stall stall_;
    std::uint64_t started_looks_ = 0;
    Streak empty_;                               // nothing but suspiciously empty lists
    Streak failing_;                             // nothing but failures, other than a refused key
    std::uint32_t refused_ = 0;                  // single tasks refused in a row
    std::unordered_set<std::string> finished_;   // discovered tasks that need no second look, bounded
    std::vector<store::TaskRow> settled_;        // to be told to the store
    std::vector<Contradiction> contradictions_;  // to be told to the store
    Counters counters_;
    base::Episode not_recorded_;
    base::Episode not_discovered_;
    base::Episode not_readable_;
    base::Episode contradicted_;
    base::Histogram request_times_;
    base::Histogram detection_delays_;
    bool announced_failing_ = false;
    base::TimePoint discovering_since_{};
};

}  // namespace pollhook::poll
