#pragma once

#include "pollhook/base/task_group.hpp"
#include "pollhook/poll/poller.hpp"
#include "support/full_store.hpp"
#include "support/scripted_provider.hpp"
#include "support/store_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pollhook::poll {

/// Takes claims and counts what was promised.
class PlainIntake final : public store::DeliveryIntake {
public:
    store::ClaimPolicy policy() override
    {
        store::ClaimPolicy policy;
        policy.room = 10;
        promised += policy.room;
        return policy;
    }
    void
    accept(std::size_t room, std::vector<store::ClaimedDelivery> claimed, std::span<const store::OriginId>)
        override
    {
        promised -= room;
        for (auto& delivery : claimed)
            deliveries.push_back(std::move(delivery));
    }

    std::size_t promised = 0;
    std::vector<store::ClaimedDelivery> deliveries;
};

/// Keeps what is announced, and notes the troubles as the dispatcher does.
class Announcements final : public store::AnnouncementIntake {
public:
    void announce(task::Announcement announcement) override { all.push_back(std::move(announcement)); }

    std::vector<task::Announcement> all;
};

class PollerTest : public ::testing::Test {
protected:
    PollerTest()
    {
        settings_.name = "relay";
        settings_.max_requests_per_second = 1000;
    }
    ~PollerTest() override { stop(); }

    /// Loads and runs a poller; again: after a restart.
    void start()
    {
        stop();
        const config::TaskWebhooks webhooks;
        routing_.emplace(webhooks, std::span<const config::Sink>(), std::span<const store::SinkRow>());
        full_.emplace(*world_.store);
        Surroundings around;
        around.provider = &relay_;
        around.store = &*full_;
        around.clock = &world_.clock;
        around.random = &world_.random;
        around.routing = &*routing_;
        around.intake = &intake_;
        around.announcements = &announcements_;
        around.guard = &guard_;
        poller_ = std::make_unique<Poller>(settings_, around);
        world_.run(poller_->load());
        group_.spawn(poller_->run());
        world_.clock.drain();
    }
    /// Cancels the poller and waits for it.
    void stop()
    {
        if (!poller_)
            return;
        group_.cancel();
        join();
        poller_.reset();
    }
    void restart()
    {
        stop();
        world_.open_store();
        start();
    }
    /// Rethrows what ended the poller.
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
    void pass(base::Duration time) { world_.clock.advance(time); }

    store::TaskRow watch(const std::string& id, const std::string& url = {})
    {
        store::Registration registration;
        registration.key = {"relay", id};
        registration.webhook_url = url;
        if (!url.empty())
            registration.webhook_origin = "https://hooks.example.com";
        std::vector<store::Registration> batch{registration};
        const auto registered =
            world_.run(world_.store->register_tasks(std::move(batch), world_.clock.now()));
        poller_->watch(registered.front().task);
        world_.clock.drain();
        return registered.front().task.row;
    }
    void remove(const std::string& id)
    {
        world_.run(world_.store->stop_watching({"relay", id}, world_.clock.now()));
        poller_->forget(id);
    }

    std::vector<store::StoredEvent> events()
    {
        store::EventQuery query;
        query.limit = 1000;
        return world_.run(world_.store->events(query)).events;
    }
    /// `1 task.running`, for each event of a task.
    std::vector<std::string> story(const std::string& id)
    {
        std::vector<std::string> all;
        for (const store::StoredEvent& event : events())
            if (event.task.id == id)
                all.push_back(std::to_string(event.sequence) + " " + std::string(name(event.type)));
        return all;
    }
    store::TaskDetail task(const std::string& id)
    {
        return world_.run(world_.store->task({"relay", id})).value();
    }
    static provider::LookFailure failed(
        provider::Errc kind, std::optional<base::Duration> retry_after = std::nullopt
    )
    {
        return test::ScriptedProvider::failed(kind, retry_after);
    }

    test::StoreWorld world_;
    test::ScriptedProvider relay_{world_.clock};
    config::Provider settings_;
    PlainIntake intake_;
    Announcements announcements_;
    http::AddressGuard guard_{{}, {}, false};
    std::optional<Routing> routing_;
    std::optional<test::FullStore> full_;
    std::unique_ptr<Poller> poller_;
    base::TaskGroup group_{world_.loop.get_executor()};
};

}  // namespace pollhook::poll
