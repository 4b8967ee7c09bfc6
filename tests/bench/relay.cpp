// A relay of the midjourney-proxy dialect whose tasks go on by one step with every look at them. GET
// /requests tells how many requests for tasks came.
#include "server.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

using bench::Connection;
using bench::Request;

constexpr std::string_view usage =
    "usage: bench_relay [--steps N] [STAMPS]\n"
    "  --steps  the last of so many steps ends a task, and with 0 every task stays submitted; without, a "
    "task\n"
    "           goes on by one percent at a time and stands still at 95\n"
    "  STAMPS   gets a line \"NS TASK STEP\" for each step, of before it was handed out\n";

struct Options {
    std::optional<std::size_t> steps;
    std::string stamps;
};

class Relay final : public bench::Server {
public:
    explicit Relay(const Options& options)
        : Server(0),
          moves_(options.steps != 0U),
          ends_(options.steps.value_or(0) > 0),
          last_(!moves_ ? 1 : options.steps.value_or(95)),
          scale_(ends_ ? last_ : 100),
          prompt_(300, 'x')
    {
        if (!options.stamps.empty())
            stamps_ = std::fopen(options.stamps.c_str(), "ae");
    }

private:
    void take(const std::shared_ptr<Connection>& connection, const Request& request) override
    {
        const std::size_t begin = request.head.find(' ') + 1;
        const std::string_view target = request.head.substr(begin, request.head.find(' ', begin) - begin);
        if (target == "/requests")
            return send(*connection, bench::ok("text/plain", std::to_string(requests_) + "\n"));
        ++requests_;
        stamped_.clear();
        std::string payload;
        if (target.ends_with("/list-by-condition")) {
            payload += '[';
            const boost::json::value asked = boost::json::parse(request.body);
            for (const boost::json::value& id : asked.at("ids").as_array()) {
                show(id.as_string(), payload);
                payload += ',';
            }
            payload.back() = ']';
        } else {
            const std::string_view path = target.substr(0, target.rfind('/'));
            show(path.substr(path.rfind('/') + 1), payload);
        }
        const std::string answer = bench::ok("application/json", payload);
        stamp();
        send(*connection, answer);
    }

    void show(std::string_view name, std::string& payload)
    {
        std::size_t& step = steps_[std::string(name)];
        if (step < last_) {
            ++step;
            if (stamps_ != nullptr)
                stamped_.emplace_back(name, step);
        }
        const bool ended = ends_ && step == last_;
        fmt::format_to(
            std::back_inserter(payload),
            R"({{"id":"{}","action":"IMAGINE","status":"{}","progress":"{}%","imageUrl":"{}","buttons":[{}],)"
            R"("prompt":"{}"}})",
            name,
            ended    ? "SUCCESS"
            : moves_ ? "IN_PROGRESS"
                     : "SUBMITTED",
            moves_ ? 100 * step / scale_ : 0,
            ended ? "https://cdn.example.com/1.png" : "",
            ended ? R"({"customId":"U1","label":"U1"})" : "",
            prompt_
        );
    }

    /// Before the answer leaves: nobody can have seen a step earlier than this says.
    void stamp()
    {
        if (stamped_.empty())
            return;
        const std::int64_t now = bench::now_ns();
        for (const auto& [name, step] : stamped_)
            std::fprintf(stamps_, "%lld %s %zu\n", static_cast<long long>(now), name.c_str(), step);
        std::fflush(stamps_);
    }

    bool moves_;
    bool ends_;
    std::size_t last_;
    std::size_t scale_;
    std::string prompt_;
    std::FILE* stamps_ = nullptr;
    std::unordered_map<std::string, std::size_t> steps_;
    std::vector<std::pair<std::string, std::size_t>> stamped_;
    std::uint64_t requests_ = 0;
};

Options parse(int argc, char** argv)
{
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word == "--steps" && i + 1 < argc)
            options.steps = bench::number(argv[++i]);
        else if (!word.starts_with("-") && options.stamps.empty())
            options.stamps = word;
        else
            throw std::invalid_argument(std::string(usage));
    }
    return options;
}

}  // namespace

int main(int argc, char** argv)
{
    try {
        std::signal(SIGPIPE, SIG_IGN);
        Relay relay(parse(argc, argv));
        std::printf("listening on port %u\n", relay.port());
        std::fflush(stdout);
        relay.run();
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "bench_relay: %s\n", failure.what());
        return 1;
    }
}
