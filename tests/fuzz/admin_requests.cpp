#include "fuzz/input.hpp"
#include "fuzz/run.hpp"
#include "http/server_connection.hpp"
#include "pollhook/admin/api.hpp"
#include "pollhook/base/random.hpp"
#include "pollhook/delivery/dispatcher.hpp"
#include "pollhook/poll/poller.hpp"
#include "pollhook/store/sqlite_store.hpp"
#include "support/manual_clock.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

// What a client sends to the admin address: a real connection in front, the whole API and a real store
// behind.
//
// Input: a byte with the size of the pieces (0: all at once), then the bytes.

namespace pollhook::fuzz {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

class SilentProvider final : public provider::Provider {
public:
    [[nodiscard]] std::size_t batch_size() const noexcept override { return 50; }
    [[nodiscard]] asio::awaitable<provider::LookResult> look(std::span<const std::string> /*ids*/) override
    {
        co_return provider::LookResult();
    }
    [[nodiscard]] base::Result<task::Snapshot> snapshot(std::string_view /*raw*/) const override
    {
        return task::Snapshot();
    }
};

class GoodSink final : public sink::Sink {
public:
    [[nodiscard]] asio::awaitable<sink::Outcome> deliver(const sink::Message& /*message*/) override
    {
        sink::Outcome outcome;
        outcome.http_status = 204;
        outcome.delivered = true;
        co_return outcome;
    }
};

std::filesystem::path new_directory()
{
    std::string name = (std::filesystem::temp_directory_path() / "pollhook-fuzz-XXXXXX").string();
    expect(::mkdtemp(name.data()) != nullptr, "there is a temporary directory");
    return name;
}

/// The daemon without network and threads; made once.
class World {
public:
    World()
    {
        spdlog::set_level(spdlog::level::off);
        store::SqliteOptions options;
        options.directory = new_directory();
        options.vfs = "unix";
        options.writer = loop.get_executor();
        options.reader = loop.get_executor();
        options.max_size = 32UL * 1024 * 1024;
        store_ = std::make_unique<store::SqliteStore>(loop.get_executor(), std::move(options));
        delivery::Dispatcher::Surroundings around_delivery;
        around_delivery.store = store_.get();
        around_delivery.clock = &clock;
        around_delivery.random = &random_;
        dispatcher_ =
            std::make_unique<delivery::Dispatcher>(loop.get_executor(), config::Delivery{}, around_delivery);
        add_sink();
        add_poller();
        config::Admin admin;
        const std::vector<asio::ip::tcp::endpoint> endpoints{{asio::ip::address_v4::loopback(), 8780}};
        admin::Api::Surroundings parts;
        parts.store = store_.get();
        parts.clock = &clock;
        parts.dispatcher = dispatcher_.get();
        parts.pollers = {poller_.get()};
        parts.guard = &guard_;
        parts.retention = [] { return std::chrono::days(30); };
        api_ = std::make_unique<admin::Api>(admin::Access(admin, endpoints), std::move(parts));
        respond = [this](const http::ServerRequest& request) { return answer(request); };
    }

    asio::io_context loop{1};
    test::ManualClock clock{loop};
    http::ServerOptions listening;
    http::Server::Respond respond;

private:
    asio::awaitable<http::ServerResponse> answer(const http::ServerRequest& request)
    {
        http::ServerResponse response;
        try {
            asio::awaitable<http::ServerResponse> responding = api_->respond(request);
            response = co_await std::move(responding);
        } catch (const std::exception& failure) {
            expect(false, failure.what());
        }
        expect(response.status >= 200 && response.status < 600, "a status");
        expect(response.status != 500 && !is_broken(response), "no request breaks the daemon");
        if (response.content_type.find("json") != std::string::npos && !response.body.empty()) {
            json::error_code ec;
            (void)json::parse(response.body, ec);
            expect(!ec, "an answer is JSON");
        }
        co_return response;
    }

    static bool is_broken(const http::ServerResponse& response)
    {
        return is_sabotaged() && response.status == 201;
    }

    void add_sink()
    {
        config::Sink ops;
        ops.name = "ops";
        ops.url = "https://ops.example.com/in?token=t0p";
        ops.events = {"task.succeeded", "task.failed"};
        store::SinkOpening opening;
        opening.name = "ops";
        std::vector<store::SinkOpening> openings{opening};
        const auto rows = run(loop, store_->open_sinks(std::move(openings)));
        dispatcher_->add_sink(rows->at(0), ops, std::make_unique<GoodSink>());
        dispatcher_->set_task_webhooks(config::TaskWebhooks{}, std::make_unique<GoodSink>());
    }

    void add_poller()
    {
        config::Provider settings;
        settings.name = "quick";
        poll::Surroundings around;
        around.provider = &provider_;
        around.store = store_.get();
        around.clock = &clock;
        around.random = &random_;
        around.routing = &routing_;
        around.intake = dispatcher_.get();
        around.announcements = dispatcher_.get();
        around.guard = &guard_;
        poller_ = std::make_unique<poll::Poller>(settings, around);
    }

    base::Random random_{1};
    SilentProvider provider_;
    http::AddressGuard guard_{{}, {}, false};
    poll::Routing routing_{
        config::TaskWebhooks{}, std::span<const config::Sink>{}, std::span<const store::SinkRow>{}
    };
    std::unique_ptr<store::SqliteStore> store_;
    std::unique_ptr<delivery::Dispatcher> dispatcher_;
    std::unique_ptr<poll::Poller> poller_;
    std::unique_ptr<admin::Api> api_;
};

/// The client's end of a connection.
class Peer {
public:
    explicit Peer(int descriptor) : descriptor_(descriptor) {}
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;
    ~Peer() { ::close(descriptor_); }

    /// False when there is no room.
    bool send(std::string_view& bytes)
    {
        const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent > 0)
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        return sent > 0 || errno == EAGAIN;
    }
    void end() { ::shutdown(descriptor_, SHUT_WR); }
    void receive()
    {
        std::array<char, 16384> bytes;
        for (;;) {
            const ssize_t size = ::recv(descriptor_, bytes.data(), bytes.size(), MSG_DONTWAIT);
            if (size <= 0)
                return;
            if (head_.size() < 64)
                head_.append(bytes.data(), std::min<std::size_t>(static_cast<std::size_t>(size), 64));
        }
    }
    [[nodiscard]] const std::string& head() const { return head_; }

private:
    int descriptor_;
    std::string head_;
};

void serve(World& world, std::string_view bytes, std::size_t piece_size)
{
    std::array<int, 2> ends{};
    expect(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) == 0, "there is a pair of sockets");
    Peer peer(ends[1]);
    http::ServerConnection::Socket socket(world.loop);
    socket.assign(asio::generic::stream_protocol(AF_UNIX, 0), ends[0]);
    http::ServerConnection connection(std::move(socket), world.clock, world.listening, world.respond);
    int running = 2;
    const auto end = [&](std::exception_ptr) { --running; };
    // As a task group spawns them.
    std::array<asio::cancellation_signal, 2> cancel;
    asio::co_spawn(world.loop, connection.run(), asio::bind_cancellation_slot(cancel[0].slot(), end));
    asio::co_spawn(world.loop, connection.watch(), asio::bind_cancellation_slot(cancel[1].slot(), end));
    world.loop.restart();
    while (!bytes.empty()) {
        std::string_view piece = bytes.substr(0, piece_size == 0 ? bytes.size() : piece_size);
        bytes.remove_prefix(piece.size());
        while (!piece.empty() && peer.send(piece)) {
            world.loop.poll();
            peer.receive();
        }
    }
    peer.end();
    int turns = 0;
    while (running > 0) {
        expect(++turns < 10'000, "a connection ends after its client has left");
        world.loop.poll();
        peer.receive();
    }
    expect(peer.head().empty() || peer.head().starts_with("HTTP/1."), "an answer begins like one");
}

}  // namespace
}  // namespace pollhook::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    using namespace pollhook;
    static fuzz::World world;
    fuzz::Input input(bytes, size);
    const std::size_t piece_size = input.byte();
    fuzz::serve(world, input.rest(), piece_size);
    return 0;
}
