#include "integration/world.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace pollhook::test {

using namespace std::chrono_literals;

World::World()
{
    std::string folder = std::filesystem::temp_directory_path() / "pollhook-test-XXXXXX";
    if (::mkdtemp(folder.data()) == nullptr)
        throw std::runtime_error("cannot make a temporary folder");
    folder_ = folder;
}

World::~World()
{
    if (HasFailure() && daemon_)
        std::fputs(("the daemon's log:\n" + daemon_->log()).c_str(), stderr);
    daemon_.reset();
    servers_.cancel();
    bool joined = false;
    boost::asio::co_spawn(loop_, servers_.join(), [&joined](const std::exception_ptr&) { joined = true; });
    while (!joined) {
        loop_.restart();
        loop_.run_one_for(1s);
    }
    std::filesystem::remove_all(folder_);
}

simulator::Relay& World::add_relay(simulator::RelayOptions options)
{
    relays_.push_back(std::make_unique<simulator::Relay>(loop_, clock_, std::move(options)));
    relays_.back()->open();
    servers_.spawn(relays_.back()->run());
    return *relays_.back();
}

simulator::Receiver& World::add_receiver(simulator::ReceiverOptions options)
{
    options.secrets = {std::string(secret)};
    options.on_receipt = [this](const simulator::Receipt& receipt) { remember(receipt); };
    receivers_.push_back(std::make_unique<simulator::Receiver>(loop_, clock_, std::move(options)));
    receivers_.back()->open();
    servers_.spawn(receivers_.back()->run());
    return *receivers_.back();
}

void World::write_config(std::string_view more)
{
    std::ofstream(folder_ / "pollhook.toml") << fmt::format(
        R"([daemon]
state_dir = "{}"
log_level = "debug"
shutdown_grace = "5s"
[admin]
listen = ["127.0.0.1:0"]
[task_webhooks]
signing_secret = "{}"
allow_networks = ["127.0.0.0/8"]
allow_http = true
[delivery]
attempt_timeout = "2s"
connect_timeout = "1s"
retry_schedule = {}
{})",
        (folder_ / "state").string(),
        secret,
        retry_schedule_,
        more
    );
}

std::string World::provider(std::string_view name, std::string_view base_url, std::string_view more)
{
    return fmt::format(
        R"(
[[provider]]
name = "{}"
base_url = "{}"
api_key = "sk-canary-17"
poll_interval = "100ms"
max_poll_interval = "300ms"
max_requests_per_second = 100
request_timeout = "1s"
{}{}
)",
        name,
        base_url,
        more.find("type =") == std::string_view::npos ? "type = \"midjourney-proxy\"\n" : "",
        more
    );
}

void World::launch(std::vector<std::string> environment, std::vector<std::string> launcher)
{
    daemon_.reset();
    std::filesystem::remove(folder_ / "log");
    daemon_ = std::make_unique<DaemonProcess>(
        folder_ / "pollhook.toml", folder_ / "log", std::move(environment), std::move(launcher)
    );
}

void World::start(std::vector<std::string> environment, std::vector<std::string> launcher)
{
    launch(std::move(environment), std::move(launcher));
    ASSERT_TRUE(becomes_true([this] {
        return daemon_->admin_port().has_value() || daemon_->exit_code().has_value();
    }));
    ASSERT_FALSE(daemon_->exit_code()) << daemon_->log();
}

void World::kill_and_restart()
{
    daemon_->kill();
    start();
}

testing::AssertionResult World::becomes_true(const std::function<bool()>& condition, int seconds)
{
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline)
            return testing::AssertionFailure() << "did not happen within " << seconds << " s";
        loop_.restart();
        loop_.run_for(5ms);
    }
    return testing::AssertionSuccess();
}

void World::turn(int rounds)
{
    for (int i = 0; i < rounds; ++i) {
        loop_.restart();
        loop_.run_for(5ms);
    }
}

RawClient::Answer World::get(std::string_view target)
{
    RawClient client({boost::asio::ip::address_v4::loopback(), daemon_->admin_port().value()});
    return client.ask("GET", target);
}

RawClient::Answer World::post(std::string_view target, std::string_view body)
{
    RawClient client({boost::asio::ip::address_v4::loopback(), daemon_->admin_port().value()});
    return client.ask("POST", target, "Content-Type: application/json\r\n", body);
}

RawClient::Answer World::remove(std::string_view target)
{
    RawClient client({boost::asio::ip::address_v4::loopback(), daemon_->admin_port().value()});
    return client.ask("DELETE", target);
}

RawClient::Answer World::watch(
    std::string_view provider, std::string_view id, const simulator::Receiver* receiver
)
{
    const std::string url =
        receiver == nullptr
            ? ""
            : fmt::format(R"(,"webhookUrl":"{}/hooks/{}?token=t0p")", receiver->base_url(), id);
    return post("/v1/tasks", fmt::format(R"({{"provider":"{}","id":"{}"{}}})", provider, id, url));
}

void World::remember(const simulator::Receipt& receipt)
{
    seen_.push_back(receipt);
    if (receipt.verdict != simulator::Verdict::genuine)
        ++unverified_;
    // What was refused on purpose is not a receipt: the daemon will come again.
    if (receipt.status < 200 || receipt.status > 299)
        return;
    order_.observe(receipt);
    last_types_[receipt.task] = receipt.type;
    ++receipts_[receipt.task];
}

std::string World::last_type(const std::string& task) const
{
    const auto found = last_types_.find(task);
    return found == last_types_.end() ? "" : found->second;
}

std::size_t World::receipts_of(const std::string& task) const
{
    const auto found = receipts_.find(task);
    return found == receipts_.end() ? 0 : found->second;
}

bool World::is_over(const std::string& task) const
{
    const std::string type = last_type(task);
    return type == "task.succeeded" || type == "task.failed" || type == "task.cancelled" ||
           type == "task.lost" || type == "task.expired" || type == "task.updated";
}

}  // namespace pollhook::test
