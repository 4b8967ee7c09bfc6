#include "demo.hpp"

#include "own_command.hpp"
#include "pollhook/config/load.hpp"
#include "pollhook/simulator/task_life.hpp"
#include "terminal.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <exception>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace pollhook::cli {

namespace asio = boost::asio;
namespace json = boost::json;
using namespace std::chrono_literals;

namespace {

constexpr base::Duration grace = 1s;
constexpr base::Duration relay_tick = 200ms;
constexpr std::string_view api_key = "demo-key";

/// A signing secret that nobody knew before.
std::string new_secret()
{
    std::array<unsigned char, 24> bytes{};
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
        throw std::runtime_error("the system gives no random numbers");
    std::array<unsigned char, 33> text{};
    const int length = EVP_EncodeBlock(text.data(), bytes.data(), static_cast<int>(bytes.size()));
    return "whsec_" + std::string(text.begin(), std::next(text.begin(), length));
}

/// JSON's strings are TOML's too.
std::string toml_string(std::string_view text)
{
    return json::serialize(json::string(text));
}

config::Config daemon_config(
    const std::filesystem::path& state_dir,
    std::uint16_t port,
    const std::string& relay,
    const std::string& secret
)
{
    constexpr std::string_view text = R"(
[daemon]
state_dir = {state_dir}
shutdown_grace = "2s"

[admin]
listen = ["127.0.0.1:{port}"]

[[provider]]
name = "midjourney"
type = "midjourney-proxy"
base_url = {relay}
api_key = {key}
poll_interval = "400ms"
max_poll_interval = "1s"
max_requests_per_second = 20

[[provider]]
name = "ohmygpt"
type = "ohmygpt"
base_url = {relay}
api_key = {key}
poll_interval = "400ms"
max_poll_interval = "1s"
max_requests_per_second = 20

[task_webhooks]
signing_secret = {secret}
allow_networks = ["127.0.0.0/8"]
allow_http = true

[delivery]
retry_schedule = ["1s", "2s", "5s", "10s"]
)";
    const std::string filled = fmt::format(
        text,
        fmt::arg("state_dir", toml_string(state_dir.string())),
        fmt::arg("port", port),
        fmt::arg("relay", toml_string(relay)),
        fmt::arg("key", toml_string(api_key)),
        fmt::arg("secret", toml_string(secret))
    );
    return config::load_from_text(filled, "demo", config::process_environment()).value();
}

DemoScreen::Colors colors(ColorMode mode)
{
    return wants_color(mode, STDOUT_FILENO) ? DemoScreen::Colors::on : DemoScreen::Colors::off;
}

}  // namespace

Demo::Demo(
    asio::io_context& loop,
    base::Clock& clock,
    const DemoOptions& options,
    const std::filesystem::path& state_dir
)
    : clock_(clock),
      options_(options),
      screen_(colors(options.color)),
      started_(clock.steady_now()),
      new_task_(clock.make_timer()),
      secret_(new_secret()),
      client_(loop, clock, http::ClientOptions{}),
      servers_(loop.get_executor()),
      chores_(loop.get_executor())
{
    simulator::ReceiverOptions receiver;
    receiver.secrets = {secret_};
    receiver.failures = {"503:0.04"};
    receiver.max_receipts = 1;
    receiver.on_receipt = [this](const simulator::Receipt& receipt) { show(screen_.webhook_line(receipt)); };
    receiver_ = std::make_unique<simulator::Receiver>(loop, clock, std::move(receiver));
    receiver_->open();

    simulator::RelayOptions relay;
    relay.api_key = api_key;
    relay.seed = static_cast<std::uint64_t>(base::to_unix_ms(clock.now()));
    relay.speed = 10;
    relay.initial_tasks = 3;
    relay.tasks_per_minute = 20;
    relay.on_created = [this](std::string_view id) {
        created_.emplace_back(id);
        new_task_->wake();
    };
    relay_ = std::make_unique<simulator::Relay>(loop, clock, std::move(relay));
    relay_->open();

    daemon_ = std::make_unique<service::Daemon>(
        loop, clock, daemon_config(state_dir, options.port, relay_->base_url(), secret_)
    );
}

Demo::~Demo() = default;

asio::awaitable<void> Demo::run()
{
    servers_.spawn(relay_->run());
    servers_.spawn(receiver_->run());
    std::exception_ptr failure;
    try {
        co_await serve();
    } catch (...) {
        failure = std::current_exception();
    }
    co_await relay_->stop(grace);
    co_await receiver_->stop(grace);
    co_await servers_.join();
    co_await client_.close();
    if (failure)
        std::rethrow_exception(failure);
    show(screen_.summary(registered_, clock_.steady_now() - started_));
}

asio::awaitable<void> Demo::serve()
{
    std::exception_ptr failure;
    auto daemon = daemon_->run([this] { on_ready(); });
    try {
        co_await std::move(daemon);
    } catch (...) {
        failure = std::current_exception();
    }
    chores_.cancel();
    co_await chores_.join();
    if (failure)
        std::rethrow_exception(failure);
}

void Demo::on_ready()
{
    admin_.scheme = http::Scheme::http;
    admin_.host = "127.0.0.1";
    admin_.port = daemon_->admin_endpoints().front().port();
    DemoScreen::Places places;
    places.relay = relay_->base_url();
    places.admin = admin_.text();
    places.receiver = receiver_->base_url();
    places.program = own_command();
    show(screen_.header(places));
    chores_.spawn(register_tasks());
    chores_.spawn(watch_relay());
    if (options_.seconds)
        chores_.spawn(end_in_time());
}

void Demo::stop()
{
    stopping_ = true;
    new_task_->wake();
    daemon_->stop();
}

asio::awaitable<void> Demo::register_tasks()
{
    while (!stopping_) {
        if (created_.empty()) {
            co_await new_task_->wait_until(base::SteadyPoint::max());
            continue;
        }
        std::string id = std::move(created_.front());
        created_.pop_front();
        co_await register_task(std::move(id));
    }
}

/// As any user of the admin API does it.
asio::awaitable<void> Demo::register_task(std::string id)
{
    // Both dialects show the same tasks: take turns.
    json::object order{{"orderId", fmt::format("A-{}", registered_ + 1)}};
    json::object task{
        {"provider", registered_ % 2 == 0 ? "midjourney" : "ohmygpt"},
        {"id", id},
        {"webhookUrl", receiver_->base_url() + "/hooks/midjourney"},
        {"metadata", std::move(order)}
    };
    const std::string body = json::serialize(task);
    http::Request request;
    request.method = "POST";
    request.origin = &admin_;
    request.target = "/v1/tasks";
    request.fields = "Content-Type: application/json\r\n";
    request.body = body;
    const http::Exchange exchange = co_await client_.send(request);
    if (!exchange.response) {
        if (!stopping_)
            show(screen_.problem_line(clock_.now(), "the admin API does not answer: " + exchange.detail));
        co_return;
    }
    if (exchange.response->status != 201) {
        show(screen_.problem_line(clock_.now(), "a task was refused: " + exchange.response->body));
        co_return;
    }
    ++registered_;
    watched_.emplace(std::move(id), std::string());
}

/// Shows the relay's own view beside the webhooks, so that one can see the one follow the other.
asio::awaitable<void> Demo::watch_relay()
{
    while (!stopping_) {
        for (auto task = watched_.begin(); task != watched_.end();) {
            const std::string word = relay_->status_of(task->first).value_or("");
            if (word != task->second)
                show(screen_.relay_line(clock_.now(), task->first, word));
            task->second = word;
            task = simulator::is_terminal(word) ? watched_.erase(task) : std::next(task);
        }
        co_await clock_.sleep_for(relay_tick);
    }
}

asio::awaitable<void> Demo::end_in_time()
{
    const bool is_over = co_await clock_.sleep_for(*options_.seconds);
    if (is_over)
        stop();
}

void Demo::show(const std::string& text)
{
    // A closed terminal or pipe ends the demo: nobody watches any more.
    if ((std::fputs(text.c_str(), stdout) < 0 || std::fflush(stdout) != 0) && !stopping_)
        stop();
}

}  // namespace pollhook::cli
