// Where webhooks arrive in benchmarks. It answers every POST with 200 and counts. What it is asked by GET
// does not count:
//   GET /stats   {"requests", "connections", "handshakes", "firstNs", "lastNs"}; times of CLOCK_MONOTONIC
//   GET /reset   zero again
// A request that came to 127.0.1.1 is never answered: one address of many that hangs.
#include "server.hpp"

#include <chrono>
#include <csignal>
#include <cstdio>
#include <set>
#include <stdexcept>
#include <string>

namespace {

using bench::Connection;
using bench::Request;

constexpr std::string_view usage =
    "usage: bench_receiver [--port N] [--tls CERT KEY] [--delay MS] [--stamps FILE] [--capture FILE]\n"
    "  --stamps   appends \"NS TASK SEQUENCE\" for each POST: when its first byte was read\n"
    "  --capture  writes the first POST to FILE, byte for byte\n";

constexpr std::uint32_t hanging = 0x7f000101;

struct Options {
    std::uint16_t port = 0;
    std::string certificate, key, stamps, capture;
    std::chrono::nanoseconds delay{0};
};

class Receiver final : public bench::Server {
public:
    explicit Receiver(const Options& options)
        : Server(options.port, options.certificate, options.key),
          options_(options),
          answer_(bench::ok("text/plain", "ok"))
    {
        if (!options.stamps.empty())
            stamps_ = std::fopen(options.stamps.c_str(), "we");
    }

private:
    void take(const std::shared_ptr<Connection>& connection, const Request& request) override
    {
        if (request.head.starts_with("GET "))
            return send(*connection, told(request.head));
        count(*connection, request);
        if (connection->local == hanging)
            return;
        if (options_.delay.count() == 0)
            send(*connection, answer_);
        else
            send_at(last_ + options_.delay.count(), connection, answer_);
    }

    void count(const Connection& connection, const Request& request)
    {
        connections_.insert(connection.fd);
        last_ = bench::now_ns();
        if (requests_++ == 0) {
            first_ = last_;
            capture(request.whole);
        }
        if (stamps_ == nullptr)
            return;
        const std::string line = std::to_string(connection.first_byte) + ' ' +
                                 std::string(bench::header(request.head, "pollhook-task")) + ' ' +
                                 std::string(bench::header(request.head, "pollhook-sequence")) + '\n';
        std::fwrite(line.data(), 1, line.size(), stamps_);
        std::fflush(stamps_);
    }

    void capture(std::string_view request)
    {
        if (options_.capture.empty())
            return;
        std::FILE* file = std::fopen(options_.capture.c_str(), "we");
        if (file == nullptr)
            throw std::runtime_error("cannot write " + options_.capture);
        std::fwrite(request.data(), 1, request.size(), file);
        std::fclose(file);
    }

    std::string told(std::string_view head)
    {
        if (head.starts_with("GET /reset ")) {
            requests_ = 0;
            connections_.clear();
            forget_handshakes();
        }
        return bench::ok(
            "application/json",
            "{\"requests\":" + std::to_string(requests_) + ",\"connections\":" +
                std::to_string(connections_.size()) + ",\"handshakes\":" + std::to_string(handshakes()) +
                ",\"firstNs\":" + std::to_string(first_) + ",\"lastNs\":" + std::to_string(last_) + "}\n"
        );
    }

    Options options_;
    std::string answer_;
    std::FILE* stamps_ = nullptr;
    std::set<int> connections_;
    std::uint64_t requests_ = 0;
    std::int64_t first_ = 0;
    std::int64_t last_ = 0;
};

Options parse(int argc, char** argv)
{
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        const auto value = [&]() -> std::string {
            if (++i >= argc)
                throw std::invalid_argument(std::string(usage));
            return argv[i];
        };
        if (word == "--port") {
            options.port = static_cast<std::uint16_t>(bench::number(value()));
        } else if (word == "--tls") {
            options.certificate = value();
            options.key = value();
        } else if (word == "--delay") {
            options.delay = std::chrono::milliseconds(bench::number(value()));
        } else if (word == "--stamps") {
            options.stamps = value();
        } else if (word == "--capture") {
            options.capture = value();
        } else {
            throw std::invalid_argument(std::string(usage));
        }
    }
    return options;
}

}  // namespace

int main(int argc, char** argv)
{
    try {
        std::signal(SIGPIPE, SIG_IGN);
        Receiver receiver(parse(argc, argv));
        std::printf("listening on port %u\n", receiver.port());
        std::fflush(stdout);
        receiver.run();
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "bench_receiver: %s\n", failure.what());
        return 1;
    }
}
