#pragma once

#include "pollhook/store/store.hpp"

#include <utility>

namespace pollhook::test {

/// Passes everything on to a real store, and is full while the test says so: then it writes nothing.
class FullStore final : public store::Store {
public:
    explicit FullStore(store::Store& real) : real_(real) {}

    bool full = false;
    bool broken = false;  ///< every write fails for good

    Operation<std::vector<store::SinkRow>> open_sinks(std::vector<store::SinkOpening> sinks) override
    {
        return real_.open_sinks(std::move(sinks));
    }
    Operation<void> pause_sink(store::SinkId sink, std::string reason, base::TimePoint now) override
    {
        if (auto error = refusal())
            return refuse<void>(error);
        return real_.pause_sink(sink, std::move(reason), now);
    }
    Operation<void> resume_sink(store::SinkId sink) override
    {
        if (auto error = refusal())
            return refuse<void>(error);
        return real_.resume_sink(sink);
    }
    Operation<std::vector<store::Registered>> register_tasks(
        std::vector<store::Registration> batch, base::TimePoint now
    ) override
    {
        if (auto error = refusal())
            return refuse<std::vector<store::Registered>>(error);
        return real_.register_tasks(std::move(batch), now);
    }
    Operation<std::optional<store::TaskRow>> stop_watching(task::TaskKey key, base::TimePoint now) override
    {
        return real_.stop_watching(std::move(key), now);
    }
    Operation<std::vector<store::WatchedTask>> watched(
        std::string provider, store::TaskRow after, std::size_t limit
    ) override
    {
        return real_.watched(std::move(provider), after, limit);
    }
    Operation<void> end_settling(std::vector<store::TaskRow> tasks) override
    {
        if (auto error = refusal())
            return refuse<void>(error);
        return real_.end_settling(std::move(tasks));
    }
    Operation<void> note_contradiction(store::TaskRow task, std::string word, base::TimePoint at) override
    {
        if (auto error = refusal())
            return refuse<void>(error);
        return real_.note_contradiction(task, std::move(word), at);
    }
    Operation<store::Recorded> record(std::vector<store::Change> batch, store::ClaimPolicy policy) override
    {
        if (auto error = refusal())
            return refuse<store::Recorded>(error);
        return real_.record(std::move(batch), std::move(policy));
    }
    Operation<store::Settled> announce(std::vector<store::Announcing> batch, store::ClaimPolicy policy)
        override
    {
        if (auto error = refusal())
            return refuse<store::Settled>(error);
        return real_.announce(std::move(batch), std::move(policy));
    }
    Operation<store::Reopening> reopen(store::DeliveryKey key, base::TimePoint now) override
    {
        if (auto error = refusal())
            return refuse<store::Reopening>(error);
        return real_.reopen(key, now);
    }
    Operation<store::Job> create_job(store::JobRequest request, base::TimePoint now) override
    {
        if (auto error = refusal())
            return refuse<store::Job>(error);
        return real_.create_job(std::move(request), now);
    }
    Operation<bool> cancel_job(std::int64_t id, base::TimePoint now) override
    {
        if (auto error = refusal())
            return refuse<bool>(error);
        return real_.cancel_job(id, now);
    }
    Operation<store::Advanced> advance_job(
        std::int64_t id, std::size_t limit, base::TimePoint wall_now, base::TimePoint outbox_now
    ) override
    {
        if (auto error = refusal())
            return refuse<store::Advanced>(error);
        return real_.advance_job(id, limit, wall_now, outbox_now);
    }
    Operation<void> start_outbox(base::TimePoint now) override { return real_.start_outbox(now); }
    Operation<void> note_outbox(base::TimePoint now) override
    {
        if (auto error = refusal())
            return refuse<void>(error);
        return real_.note_outbox(now);
    }
    Operation<std::vector<store::OriginBacklog>> backlog() override { return real_.backlog(); }
    Operation<store::Claimed> claim(std::vector<store::ClaimRequest> requests, base::TimePoint now) override
    {
        ++claims;
        if (auto error = refusal())
            return refuse<store::Claimed>(error);
        return real_.claim(std::move(requests), now);
    }
    Operation<store::Settled> settle(
        std::vector<store::Settlement> batch,
        std::vector<store::Announcing> announcements,
        base::TimePoint now,
        store::ClaimPolicy policy
    ) override
    {
        ++settlements;
        if (auto error = refusal())
            return refuse<store::Settled>(error);
        return real_.settle(std::move(batch), std::move(announcements), now, std::move(policy));
    }
    Operation<void> cancel_task_webhook(store::TaskRow task, std::string reason, base::TimePoint now) override
    {
        if (auto error = refusal())
            return refuse<void>(error);
        return real_.cancel_task_webhook(task, std::move(reason), now);
    }
    Operation<std::string> last_event_body(store::TaskRow task) override
    {
        return real_.last_event_body(task);
    }
    Operation<store::Pruned> prune(base::TimePoint before, std::size_t limit, base::TimePoint now) override
    {
        return real_.prune(before, limit, now);
    }
    Operation<store::Space> space() override
    {
        co_return full ? store::Space::none_on_disk : store::Space::enough;
    }
    Operation<std::optional<std::string>> meta(std::string name) override
    {
        return real_.meta(std::move(name));
    }
    Operation<void> set_meta(std::string name, std::string value) override
    {
        return real_.set_meta(std::move(name), std::move(value));
    }
    Operation<store::TaskPage> tasks(store::TaskQuery query) override
    {
        return real_.tasks(std::move(query));
    }
    Operation<std::optional<store::TaskDetail>> task(task::TaskKey key) override
    {
        return real_.task(std::move(key));
    }
    Operation<store::EventPage> events(store::EventQuery query) override
    {
        return real_.events(std::move(query));
    }
    Operation<store::DeliveryPage> deliveries(store::DeliveryQuery query) override
    {
        return real_.deliveries(std::move(query));
    }
    Operation<std::optional<store::DeliveryDetail>> delivery(store::DeliveryKey key) override
    {
        return real_.delivery(key);
    }
    Operation<std::uint64_t> count_matching(store::JobRequest request) override
    {
        return real_.count_matching(std::move(request));
    }
    Operation<std::vector<store::SinkSummary>> sinks() override { return real_.sinks(); }
    Operation<std::vector<store::Job>> jobs(std::size_t limit) override
    {
        if (unreadable_jobs > 0) {
            --unreadable_jobs;
            return refuse<std::vector<store::Job>>(store::make_error_code(store::Errc::failed));
        }
        return real_.jobs(limit);
    }
    Operation<std::optional<store::Job>> job(std::int64_t id) override { return real_.job(id); }
    Operation<store::Totals> totals() override { return real_.totals(); }
    Operation<std::uint64_t> count_prunable(base::TimePoint before) override
    {
        return real_.count_prunable(before);
    }
    void on_new_events(std::function<void()> listener) override { real_.on_new_events(std::move(listener)); }
    boost::asio::awaitable<void> close() override { return real_.close(); }

    int unreadable_jobs = 0;  ///< how many more reads of the jobs fail
    int claims = 0;
    int settlements = 0;

private:
    [[nodiscard]] base::error_code refusal() const
    {
        if (broken)
            return store::make_error_code(store::Errc::failed);
        return full ? store::make_error_code(store::Errc::full) : base::error_code();
    }
    template <class T>
    static Operation<T> refuse(base::error_code error)
    {
        co_return base::Result<T>(boost::system::in_place_error, error);
    }

    store::Store& real_;
};

}  // namespace pollhook::test
