#pragma once

#include "pollhook/base/clock.hpp"
#include "pollhook/base/condition.hpp"
#include "pollhook/base/episode.hpp"
#include "pollhook/base/random.hpp"
#include "pollhook/base/stall.hpp"
#include "pollhook/base/task_group.hpp"
#include "pollhook/config/config.hpp"
#include "pollhook/delivery/destination.hpp"
#include "pollhook/delivery/job_runner.hpp"
#include "pollhook/delivery/origin_queues.hpp"
#include "pollhook/delivery/retry_policy.hpp"
#include "pollhook/delivery/writers.hpp"
#include "pollhook/sink/sink.hpp"
#include "pollhook/store/intake.hpp"
#include "pollhook/store/store.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace pollhook::delivery {

/// Sends what the outbox holds: takes claimed deliveries in turn by origin, makes one attempt each, and
/// settles the outcomes in groups. Only the head of a lane (one task, one destination) is ever claimed and
/// the next one comes with its settlement, so a task's events leave strictly in order, and one failing
/// delivery blocks nothing but its own lane.
///
/// In memory are only claims that are due: at most a few thousand, whatever the backlog. Lives on the loop.
/// Only a broken store ends it, by an exception out of run(); one that is full is asked again.
class Dispatcher final : public store::DeliveryIntake, public store::AnnouncementIntake {
public:
    /// Everything outlives the dispatcher.
    struct Surroundings {
        store::Store* store = nullptr;
        base::Clock* clock = nullptr;
        base::Random* random = nullptr;
    };
    Dispatcher(
        boost::asio::any_io_executor loop, const config::Delivery& settings, Surroundings surroundings
    );
    ~Dispatcher() override;

    /// A configured sink, before load().
    void add_sink(const store::SinkRow& row, const config::Sink& settings, std::shared_ptr<sink::Sink> sink);
    /// What sends to the tasks' own URLs.
    void set_task_webhooks(const config::TaskWebhooks& settings, std::shared_ptr<sink::Sink> sink);

    /// A sink of another configuration.
    struct NextSink {
        store::SinkRow row;  ///< of one that is known, only its host counts
        config::Sink settings;
        std::shared_ptr<sink::Sink> sink;  ///< null: the one that is there goes on
        bool failing = false;              ///< of a new one: announced as failing when it was here before
    };
    /// Another configuration, with everything that it needs.
    struct Next {
        config::Delivery settings;
        std::vector<NextSink> sinks;
        config::TaskWebhooks task_webhooks;
        std::shared_ptr<sink::Sink> task_webhook_sink;  ///< null: the one that is there goes on
    };
    /// Takes it over at once. Attempts under way end with the sink with which they began. What waits for a
    /// sink that is gone stays in the store for when it returns; one that is new gets what is stored for it.
    /// Cannot fail.
    void adopt(Next next);
    /// SIGHUP: see sink::Sink::reopen().
    void reopen_sinks();

    /// Finds the queues that have a backlog, and which sinks were failing; before run().
    [[nodiscard]] boost::asio::awaitable<base::Result<void>> load();
    /// Delivers until cancelled. Throws when the store fails.
    [[nodiscard]] boost::asio::awaitable<void> run();
    /// Starts no further attempt from now on; stop() does the rest.
    void close_gate() noexcept { stopping_ = true; }
    /// Starts no further attempt, waits up to `grace` for those in flight, cancels the rest and settles
    /// everything, so that nothing stays claimed; while run() runs.
    [[nodiscard]] boost::asio::awaitable<void> stop(base::Duration grace);

    [[nodiscard]] store::ClaimPolicy policy() override;
    void accept(
        std::size_t promised,
        std::vector<store::ClaimedDelivery> claimed,
        std::span<const store::OriginId> waiting
    ) override;
    void announce(task::Announcement announcement) override;

    /// Whether a configured sink has that name. The operations below do nothing for another one.
    [[nodiscard]] bool has_sink(std::string_view name) const;
    /// Nothing more is sent to a sink, what comes for it waits. Pausing a paused sink keeps the first reason.
    [[nodiscard]] boost::asio::awaitable<base::Result<void>> pause_sink(std::string name, std::string reason);
    [[nodiscard]] boost::asio::awaitable<base::Result<void>> resume_sink(std::string name);
    /// Sends an event of type `sink.test`, made up for this once, past the outbox; empty: there is no such
    /// sink.
    [[nodiscard]] boost::asio::awaitable<std::optional<sink::Outcome>> test_sink(std::string name);

    /// Deliveries of these queues became due behind the dispatcher's back: they were re-opened.
    void add_waiting(std::span<const store::OriginId> origins);
    /// A person wants what these queues have sent, or knows that their receivers work: like add_waiting(),
    /// and a circuit breaker that is open lets its next probe go now.
    void send_now(std::span<const store::OriginId> origins);
    /// A job was created.
    void wake_jobs() { jobs_.wake(); }
    /// The time of the outbox, in which deliveries are due: the wall clock as it was at the start, but
    /// steady, so that a jump makes no retry early or late.
    [[nodiscard]] base::TimePoint outbox_now() const { return to_outbox(with_.clock->steady_now()); }

    struct Counters {
        std::uint64_t attempts = 0;
        std::uint64_t delivered = 0;
        std::uint64_t failed = 0;  ///< attempts that were not 2xx
        std::uint64_t dead = 0;
    };
    [[nodiscard]] const Counters& counters() const noexcept { return counters_; }
    [[nodiscard]] std::size_t in_flight() const noexcept { return queues_.in_flight(); }
    /// Claims in memory, in flight or waiting for their turn.
    [[nodiscard]] std::size_t held() const noexcept { return queues_.size(); }
    [[nodiscard]] std::size_t open_breakers() const { return queues_.open_breakers(); }
    /// Whether the store holds deliveries that wait for their time.
    [[nodiscard]] bool has_backlog() const;
    /// Whether an attempt, a claim, a settlement or a job's step should have begun before `then` and has not
    /// even now: the watchdog's question, to be asked now and then (see base::Stall). A receiver that hangs,
    /// and a store that is full, are no reason.
    [[nodiscard]] bool is_overdue(base::SteadyPoint then);

    /// The configured sinks, by their order in the store.
    [[nodiscard]] std::vector<const Destination*> sinks() const;
    /// What sends to the tasks' own URLs; null when nothing does.
    [[nodiscard]] const Destination* task_webhooks() const;
    /// How a sink's origin is approached now; null when nothing was learned yet.
    [[nodiscard]] const OriginPace* pace(const Destination& sink) const;

private:
    boost::asio::awaitable<void> pump();
    /// `host`: where the first attempt goes.
    boost::asio::awaitable<void> work(store::ClaimedDelivery delivery, store::OriginId host);
    boost::asio::awaitable<sink::Outcome> attempt(const store::ClaimedDelivery& delivery);
    boost::asio::awaitable<sink::Outcome> hand_over(
        std::shared_ptr<sink::Sink> sink, Writers::Former former, const sink::Message& message
    );
    boost::asio::awaitable<void> claim(std::vector<std::pair<store::OriginId, std::size_t>> wanted);
    boost::asio::awaitable<void> wait_for_workers(base::SteadyPoint deadline);
    void start_workers();
    /// When something could be sent or claimed; past when it could be now.
    [[nodiscard]] base::SteadyPoint next_start();
    /// How many more claims may be asked for.
    [[nodiscard]] std::size_t free_room() const;

    // What an attempt leads to.
    void conclude(const store::ClaimedDelivery& delivery, const sink::Outcome& outcome);
    void heed(store::OriginId origin, const sink::Consented& consent);
    void note_success(Destination& to, const store::ClaimedDelivery& delivery);
    void note_failure(Destination& to, const store::ClaimedDelivery& delivery, const Decision& decision);
    /// A request of the sink failed, whatever it carried.
    void note_trouble(Destination& to, const std::string& reason);
    /// A sink's receiver wants nothing more.
    void close(Destination& to, const std::string& reason);
    void hold(Destination& to, const std::string& reason);
    void hold_back(const OriginQueues::Opened& opened);
    void give_back(const store::ClaimedDelivery& delivery, base::TimePoint due);
    void add_outcome(const store::ClaimedDelivery& delivery, store::Settlement settlement);

    // What is told to the store.
    boost::asio::awaitable<void> settle_outcomes();
    boost::asio::awaitable<void> settle_batch();
    boost::asio::awaitable<base::Result<void>> close_gone_webhooks();
    boost::asio::awaitable<base::Result<void>> pause_closed_sinks();
    boost::asio::awaitable<base::Result<void>> note_troubles(
        const std::vector<task::Announcement>& announcements
    ) const;
    [[nodiscard]] bool has_news() const noexcept;
    [[nodiscard]] std::vector<store::Announcing> addressed(const std::vector<task::Announcement>& all) const;

    // What a reload changes.
    void take_settings(const config::Delivery& settings);
    void take(NextSink next, const config::Delivery& settings);
    void change(Destination& to, NextSink next, const config::Delivery& settings);
    void install(Destination& to, std::shared_ptr<sink::Sink> sink);
    /// Limits and schedules, as its settings say.
    void arrange(Destination& to);
    void remove_sink(store::SinkId id);
    /// Deliveries of this queue wait in the store: its sink is not configured.
    void set_aside(store::OriginId queue);
    void note_backlog(store::OriginId queue, base::SteadyPoint due);

    [[nodiscard]] Destination* find(std::string_view name);
    /// Also one that was removed and still has attempts under way.
    [[nodiscard]] Destination* find(store::SinkId id);
    [[nodiscard]] base::TimePoint to_outbox(base::SteadyPoint time) const
    {
        return started_wall_ + (time - started_steady_);
    }
    [[nodiscard]] base::SteadyPoint to_steady(base::TimePoint time) const
    {
        return started_steady_ + (time - started_wall_);
    }

    boost::asio::any_io_executor loop_;
    std::size_t max_in_flight_;
    RetrySchedules schedules_;
    std::size_t per_origin_;
    base::Duration attempt_timeout_{};
    Surroundings with_;
    OriginQueues queues_;
    std::map<store::SinkId, Destination> destinations_;
    std::map<store::SinkId, Destination> leaving_;  // removed, with attempts under way
    Writers writers_;
    std::unordered_set<store::OriginId> unconfigured_;  // queues of sinks that are not configured
    JobRunner jobs_;

    base::TaskGroup workers_;
    std::size_t working_ = 0;
    std::exception_ptr failure_;  // of a worker; pump() rethrows it
    std::unique_ptr<base::Timer> wake_pump_;
    std::unique_ptr<base::Timer> wake_settler_;
    std::unique_ptr<base::Timer> worker_left_;
    std::unique_ptr<base::Timer> settled_all_;
    base::Condition sink_ended_;  // perhaps
    /// A URL that wants nothing more.
    struct Gone {
        store::TaskRow task{};
        std::string reason;
    };
    std::vector<store::Settlement> outcomes_;
    std::vector<store::OriginId> outcome_origins_;   // of `outcomes_`, in their order
    std::vector<task::Announcement> announcements_;  // stored with `outcomes_`
    std::vector<Gone> gone_;                         // of `outcomes_`
    /// A sink whose receiver wants nothing more.
    struct Closed {
        store::SinkId sink{};
        std::string reason;
    };
    std::vector<Closed> paused_;  // to be told to the store
    bool running_ = false;
    bool settling_ = false;
    bool claiming_ = false;
    bool stopping_ = false;
    base::Episode not_settled_;
    base::Stall pump_stall_;
    base::Stall settler_stall_;
    base::Stall jobs_stall_;
    std::uint64_t pumped_ = 0;   // attempts begun, claims begun and ended
    std::uint64_t settled_ = 0;  // batches begun and ended, also in vain
    std::size_t promised_ = 0;
    base::SteadyPoint claim_after_{};              // while the store is full
    std::unordered_set<store::OriginId> failing_;  // for the log: bounded
    Counters counters_;
    base::TimePoint started_wall_;
    base::SteadyPoint started_steady_;
};

}  // namespace pollhook::delivery
