#pragma once

#include "pollhook/base/task_group.hpp"
#include "pollhook/delivery/dispatcher.hpp"
#include "pollhook/task/detect.hpp"
#include "support/full_store.hpp"
#include "support/scripted_sink.hpp"
#include "support/store_world.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pollhook::delivery {

class DispatcherTest : public ::testing::Test {
protected:
    using Script = test::ScriptedSink::Script;

    DispatcherTest() { settings_.retry_schedule = {std::chrono::seconds(5), std::chrono::minutes(5)}; }
    ~DispatcherTest() override { kill(); }

    /// Runs a dispatcher with a sink for tasks' own URLs and those that add_sink() named; again: after a
    /// restart.
    void start()
    {
        kill();
        full_.emplace(*world_.store);
        Dispatcher::Surroundings around;
        around.store = &*full_;
        around.clock = clock_;
        around.random = &world_.random;
        dispatcher_ = std::make_unique<Dispatcher>(world_.loop.get_executor(), settings_, around);
        for (const auto& [name, sink] : sinks_)
            dispatcher_->add_sink(
                sink.row, sink.settings, std::make_unique<test::ScriptedSink>(world_.clock, sink.script)
            );
        dispatcher_->set_task_webhooks(
            task_webhooks_, std::make_unique<test::ScriptedSink>(world_.clock, urls_)
        );
        world_.run(dispatcher_->load());
        group_.spawn(dispatcher_->run());
        world_.clock.drain();
    }
    /// Ends it without stop(): nothing is settled any more.
    void kill()
    {
        if (!dispatcher_)
            return;
        group_.cancel();
        join();
        dispatcher_.reset();
    }
    void join()
    {
        std::exception_ptr failure;
        boost::asio::co_spawn(world_.loop, group_.join(), [&failure](std::exception_ptr what) {
            failure = std::move(what);
        });
        world_.clock.drain();
        if (failure)
            std::rethrow_exception(failure);
    }
    /// Begins a stop; whether it has ended is in `stopped_`.
    void begin_stop(base::Duration grace)
    {
        stopped_ = false;
        boost::asio::co_spawn(world_.loop, dispatcher_->stop(grace), [this](std::exception_ptr failure) {
            if (failure)
                std::rethrow_exception(failure);
            stopped_ = true;
        });
        world_.clock.drain();
    }
    void restart()
    {
        kill();
        world_.open_store();
        start();
    }
    void pass(base::Duration time) { world_.clock.advance(time); }

    config::Sink& add_sink(const std::string& name)
    {
        KnownSink sink;
        sink.row = world_.run(world_.store->open_sinks({{.name = name, .host = {}}})).front();
        sink.settings.name = name;
        return sinks_.emplace(name, std::move(sink)).first->second.settings;
    }
    Script& script(const std::string& name) { return *sinks_.at(name).script; }

    /// A task with a URL of its own; without one: empty.
    void add_task(const std::string& id, const std::string& origin = "https://hooks.example.com")
    {
        add_tasks({id}, origin);
    }
    void add_tasks(const std::vector<std::string>& ids, const std::string& origin)
    {
        std::vector<store::Registration> batch;
        for (const std::string& id : ids) {
            store::Registration& registration = batch.emplace_back();
            registration.key = {"relay", id};
            registration.webhook_url = origin.empty() ? "" : origin + "/" + id;
            registration.webhook_origin = origin;
        }
        const auto registered =
            world_.run(world_.store->register_tasks(std::move(batch), world_.clock.now()));
        for (const store::Registered& one : registered)
            tasks_[one.task.id].row = one.task.row;
    }
    /// Records one more step of a task, as a poller does.
    void step(const std::string& id, task::Status status = task::Status::running)
    {
        std::vector<store::Change> batch;
        batch.push_back(change(id, status));
        record(std::move(batch));
    }
    store::Change change(const std::string& id, task::Status status = task::Status::running)
    {
        KnownTask& task = tasks_.at(id);
        const auto progress = static_cast<std::int8_t>(task.known.progress + 1);
        const std::string word = "WORD";
        const auto transition = task::detect(task.known, status, progress, word, world_.clock.now());
        task.known = task::apply(task.known, transition.value(), word);
        store::Change change;
        change.task = task.row;
        change.key = {"relay", id};
        change.transition = *transition;
        change.upstream_status = word;
        change.event = task::draft_event(change.key, *transition, task::Snapshot());
        change.to_task_webhook = true;
        for (const auto& [name, sink] : sinks_) {
            store::Addressee& to = change.addressees.emplace_back();
            to.sink = sink.row.id;
            to.origin = sink.row.origin;
            to.latest = sink.settings.order == config::Order::latest;
        }
        return change;
    }
    void record(std::vector<store::Change> batch)
    {
        store::ClaimPolicy policy;
        if (dispatcher_)
            policy = dispatcher_->policy();
        store::Recorded recorded = world_.run(world_.store->record(std::move(batch), policy));
        if (dispatcher_)
            dispatcher_->accept(policy.room, std::move(recorded.claimed), recorded.waiting);
        world_.clock.drain();
    }
    /// Steps of many tasks at one origin, in large batches.
    void fill(const std::string& prefix, int count, const std::string& origin)
    {
        std::vector<std::string> ids;
        for (int i = 0; i < count; ++i)
            ids.push_back(fmt::format("{}{}", prefix, i));
        add_tasks(ids, origin);
        std::vector<store::Change> batch;
        for (const std::string& id : ids)
            batch.push_back(change(id));
        record(std::move(batch));
    }

    [[nodiscard]] store::DeliveryKey key(const std::string& id, std::uint32_t sequence, store::SinkId sink)
        const
    {
        return {tasks_.at(id).row, sink, sequence};
    }
    store::DeliveryDetail detail(
        const std::string& id, std::uint32_t sequence, store::SinkId sink = store::task_webhook
    )
    {
        return world_.run(world_.store->delivery(key(id, sequence, sink))).value();
    }
    store::DeliveryState state(const std::string& id, std::uint32_t sequence)
    {
        return detail(id, sequence).summary.state;
    }
    std::uint64_t count(store::DeliveryState state)
    {
        const auto totals = world_.run(world_.store->totals());
        const auto found = totals.deliveries.find(state);
        return found == totals.deliveries.end() ? 0 : found->second;
    }
    [[nodiscard]] base::SteadyPoint now() const { return world_.clock.steady_now(); }

    struct KnownTask {
        store::TaskRow row{};
        task::Known known;
    };
    struct KnownSink {
        store::SinkRow row;
        config::Sink settings;
        std::shared_ptr<Script> script = std::make_shared<Script>();
    };
    test::StoreWorld world_;
    base::Clock* clock_ = &world_.clock;  ///< the dispatcher's
    config::Delivery settings_;
    config::TaskWebhooks task_webhooks_;
    std::map<std::string, KnownSink> sinks_;
    std::map<std::string, KnownTask> tasks_;
    std::shared_ptr<Script> urls_ = std::make_shared<Script>();
    std::optional<test::FullStore> full_;
    std::unique_ptr<Dispatcher> dispatcher_;
    base::TaskGroup group_{world_.loop.get_executor()};
    bool stopped_ = false;
};

}  // namespace pollhook::delivery
