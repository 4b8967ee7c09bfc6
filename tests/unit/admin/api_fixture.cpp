#include "api_fixture.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value_to.hpp>
#include <stdlib.h>

#include <chrono>
#include <stdexcept>
#include <utility>

namespace pollhook::admin {

namespace asio = boost::asio;

asio::awaitable<provider::LookResult> SilentProvider::look(std::span<const std::string> /*ids*/)
{
    co_return provider::LookResult{};
}

base::Result<task::Snapshot> SilentProvider::snapshot(std::string_view /*raw*/) const
{
    return task::Snapshot{};
}

asio::awaitable<sink::Outcome> AnsweringSink::deliver(const sink::Message& /*message*/)
{
    ++script_->asked;
    sink::Outcome outcome;
    outcome.http_status = script_->http_status;
    outcome.delivered = outcome.http_status < 300;
    outcome.error_class = outcome.delivered ? "" : "http";
    outcome.detail = "HTTP " + std::to_string(outcome.http_status);
    outcome.peer = "203.0.113.7:443";
    outcome.response_head = "said \xff";
    outcome.total = base::Duration(12);
    co_return outcome;
}

ApiTest::ApiTest(std::string_view token)
{
    std::string name = (std::filesystem::temp_directory_path() / "pollhook-admin-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
        throw std::runtime_error("no temporary directory");
    directory_ = name;

    store::SqliteOptions options;
    options.directory = directory_;
    store_ = std::make_unique<store::SqliteStore>(loop_.get_executor(), std::move(options));
    routing_.emplace(
        config::TaskWebhooks{}, std::span<const config::Sink>{}, std::span<const store::SinkRow>{}
    );
    delivery::Dispatcher::Surroundings around_delivery;
    around_delivery.store = store_.get();
    around_delivery.clock = &clock_;
    around_delivery.random = &random_;
    dispatcher_ =
        std::make_unique<delivery::Dispatcher>(loop_.get_executor(), config::Delivery{}, around_delivery);

    add_sinks();

    config::Provider settings;
    settings.name = "quick";
    poll::Surroundings around_poll;
    around_poll.provider = &provider_;
    around_poll.store = store_.get();
    around_poll.clock = &clock_;
    around_poll.random = &random_;
    around_poll.routing = &*routing_;
    around_poll.intake = dispatcher_.get();
    around_poll.announcements = dispatcher_.get();
    around_poll.guard = &guard_;
    poller_ = std::make_unique<poll::Poller>(settings, around_poll);

    http::ServerOptions listening;
    listening.listen = {"127.0.0.1:0"};
    listening.streams_body = &Api::streams_body;
    server_ =
        std::make_unique<http::Server>(loop_, clock_, listening, [this](const http::ServerRequest& request) {
            return api_->respond(request);
        });
    server_->open();
    config::Admin admin;
    if (!token.empty())
        admin.token = config::Secret(token);
    Api::Surroundings parts;
    parts.store = store_.get();
    parts.clock = &clock_;
    parts.dispatcher = dispatcher_.get();
    parts.pollers = {poller_.get()};
    parts.guard = &guard_;
    parts.retention = [] { return std::chrono::days(30); };
    api_.emplace(Access(admin, server_->endpoints()), std::move(parts));

    served_ = asio::co_spawn(loop_, server_->run(), asio::use_future);
    thread_ = std::thread([this] { loop_.run(); });
    client_ = std::make_unique<test::RawClient>(server_->endpoints().front());
}

void ApiTest::add_sinks()
{
    const auto open = [this](const std::vector<std::string>& names) {
        std::vector<store::SinkOpening> openings;
        for (const std::string& name : names)
            openings.emplace_back().name = name;
        auto opened = asio::co_spawn(loop_, store_->open_sinks(std::move(openings)), asio::use_future);
        while (opened.wait_for(std::chrono::seconds(0)) != std::future_status::ready)
            loop_.run_one();
        return opened.get().value();
    };
    (void)open({"old"});
    config::Sink ops;
    ops.name = "ops";
    ops.url = "https://ops.example.com/in?token=t0p";
    ops.events = {"task.succeeded", "task.failed"};
    ops.max_per_second = 50;
    ops.secret = config::Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    config::Sink off = ops;
    off.name = "off";
    off.enabled = false;
    const auto rows = open({"ops", "off"});
    dispatcher_->add_sink(rows.at(0), ops, std::make_unique<AnsweringSink>(receivers_));
    dispatcher_->add_sink(rows.at(1), off, std::make_unique<AnsweringSink>(receivers_));
    dispatcher_->set_task_webhooks(config::TaskWebhooks{}, std::make_unique<AnsweringSink>(receivers_));
}

void ApiTest::reload()
{
    asio::post(
        loop_, asio::use_future([this] {
            api_->adopt(Access(config::Admin{}, server_->endpoints()), {poller_.get()}, &guard_, 0);
        })
    ).get();
}

void ApiTest::deliver()
{
    asio::co_spawn(
        loop_,
        [](ApiTest& test) -> asio::awaitable<void> {
            test.delivering_.spawn(test.dispatcher_->run());
            co_return;
        }(*this),
        asio::use_future
    )
        .get();
}

testing::AssertionResult ApiTest::becomes(
    std::string_view target, const std::function<bool(const boost::json::value&)>& wanted
)
{
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    for (;;) {
        const Reply reply = get(target);
        if (wanted(reply.body))
            return testing::AssertionSuccess();
        if (std::chrono::steady_clock::now() > deadline)
            return testing::AssertionFailure() << "in the end it was " << reply.text;
    }
}

ApiTest::~ApiTest()
{
    client_.reset();
    asio::co_spawn(
        loop_,
        [](ApiTest& test) -> asio::awaitable<void> {
            test.delivering_.cancel();
            co_await test.delivering_.join();
        }(*this),
        asio::use_future
    )
        .get();
    asio::co_spawn(loop_, server_->stop(base::Duration(0)), asio::use_future).get();
    served_.get();
    asio::co_spawn(loop_, store_->close(), asio::use_future).get();
    work_.reset();
    thread_.join();
    api_.reset();
    store_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
}

ApiTest::Reply ApiTest::ask(
    std::string_view method, std::string_view target, std::string fields, std::string_view body
)
{
    const auto answer = client_->ask(method, target, fields, body);
    EXPECT_FALSE(answer.error) << answer.error.message();
    Reply reply;
    reply.status = answer.status;
    reply.fields = answer.fields;
    reply.text = answer.body;
    boost::system::error_code ec;
    reply.body = boost::json::parse(answer.body, ec);
    return reply;
}

ApiTest::Reply ApiTest::post(std::string_view target, std::string_view body, std::string_view type)
{
    return ask("POST", target, "Content-Type: " + std::string(type) + "\r\n", body);
}

void ApiTest::add_task(const std::string& id)
{
    store::Registration registration;
    registration.key = {"quick", id};
    registration.webhook_url = "https://hooks.example.com/in?secret=1";
    registration.webhook_origin = "https://hooks.example.com";
    std::vector<store::Registration> batch{registration};
    (void)on_loop(store_->register_tasks(std::move(batch), clock_.now()));
}

void ApiTest::record(const std::string& id, task::Status status, int progress)
{
    const task::TaskKey key{"quick", id};
    const auto detail = on_loop(store_->task(key)).value();
    task::Known known;
    known.sequence = detail.summary.sequence;
    known.status = detail.summary.status;
    known.progress = static_cast<std::int8_t>(detail.summary.progress);
    const auto transition =
        task::detect(known, status, static_cast<std::int8_t>(progress), "WORD", clock_.now()).value();

    store::Change change;
    change.task = detail.summary.row;
    change.key = key;
    change.transition = transition;
    change.upstream_status = "WORD";
    change.event = task::draft_event(key, transition, task::Snapshot{});
    change.to_task_webhook = true;
    std::vector<store::Change> batch;
    batch.push_back(std::move(change));
    store::ClaimPolicy policy;
    policy.room = 10;
    for (const store::ClaimedDelivery& one : on_loop(store_->record(std::move(batch), policy)).claimed)
        deliveries_.push_back(one.key);
}

void ApiTest::settle_newest(store::DeliveryState state, int http_status)
{
    store::Settlement settlement;
    settlement.key = deliveries_.back();
    settlement.state = state;
    settlement.reason = state == store::DeliveryState::dead ? "HTTP 410 Gone" : "";
    settlement.attempt.emplace();
    settlement.attempt->at = clock_.now();
    settlement.attempt->http_status = http_status;
    settlement.attempt->decision = "as told";
    settlement.attempt->peer = "203.0.113.7:443";
    settlement.attempt->response_head = "seen \xff";
    settlement.attempt->total = base::Duration(12);
    std::vector<store::Settlement> batch{settlement};
    store::ClaimPolicy policy;
    policy.room = 10;
    for (const store::ClaimedDelivery& one :
         on_loop(store_->settle(std::move(batch), {}, clock_.now(), policy)).claimed)
        deliveries_.push_back(one.key);
}

std::string detail(const boost::json::value& problem)
{
    return boost::json::value_to<std::string>(problem.at("detail"));
}

}  // namespace pollhook::admin
