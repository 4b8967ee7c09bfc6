// What the store costs per delivery, without a network: fills an outbox, then claims and settles all of it in
// batches, as the dispatcher does. Everything runs on one thread, whose CPU time is told.
#include "pollhook/store/sqlite_store.hpp"
#include "pollhook/task/detect.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/format.h>
#include <stdlib.h>
#include <time.h>

#include <cstdlib>
#include <exception>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace pollhook;

constexpr base::TimePoint noon = base::from_unix_ms(1'800'000'000'000);

double cpu_seconds()
{
    timespec time{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

class Outbox {
public:
    explicit Outbox(store::Synchronous synchronous)
    {
        std::string name = (std::filesystem::temp_directory_path() / "pollhook-bench-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr)
            throw std::runtime_error("no temporary directory");
        directory_ = name;
        store::SqliteOptions options;
        options.directory = directory_;
        options.synchronous = synchronous;
        options.writer = loop_.get_executor();
        options.reader = loop_.get_executor();
        store_.emplace(loop_.get_executor(), std::move(options));
        std::vector<store::SinkOpening> sinks{{"ops", "https://ops.example.com"}};
        sink_ = run(store_->open_sinks(std::move(sinks))).front();
    }
    Outbox(const Outbox&) = delete;
    Outbox& operator=(const Outbox&) = delete;
    ~Outbox()
    {
        store_.reset();
        std::error_code ignored;
        std::filesystem::remove_all(directory_, ignored);
    }

    /// One event with one delivery for each of `n` new tasks; how much CPU time recording took.
    double fill(
        std::size_t n, std::size_t batch_size, std::size_t room, std::vector<store::ClaimedDelivery>& claimed
    )
    {
        std::vector<store::Registration> registrations(n);
        for (store::Registration& one : registrations)
            one.key = {"relay", std::to_string(++tasks_)};
        const auto tasks = run(store_->register_tasks(std::move(registrations), noon));
        std::vector<std::vector<store::Change>> batches;
        for (std::size_t i = 0; i < n; ++i) {
            if (i % batch_size == 0)
                batches.emplace_back();
            batches.back().push_back(change(tasks[i].task));
        }
        const double begin = cpu_seconds();
        for (auto& batch : batches) {
            store::ClaimPolicy policy;
            policy.room = room;
            for (auto& one : run(store_->record(std::move(batch), policy)).claimed)
                claimed.push_back(std::move(one));
        }
        return cpu_seconds() - begin;
    }

    /// Claims and settles everything in batches; the CPU time of both.
    std::pair<double, double> drain(std::size_t n, std::size_t batch_size)
    {
        double claiming = 0;
        double settling = 0;
        for (std::size_t done = 0; done < n; done += batch_size) {
            const double begin = cpu_seconds();
            std::vector<store::ClaimRequest> requests{{sink_.origin, batch_size}};
            const store::Claimed claimed =
                run(store_->claim(std::move(requests), noon + std::chrono::hours(1)));
            const double middle = cpu_seconds();
            claiming += middle - begin;
            settling += settle(claimed.claimed);
        }
        return {claiming, settling};
    }

    double settle(const std::vector<store::ClaimedDelivery>& claimed)
    {
        std::vector<store::Settlement> batch(claimed.size());
        for (std::size_t i = 0; i < claimed.size(); ++i) {
            batch[i].key = claimed[i].key;
            batch[i].state = store::DeliveryState::delivered;
            store::Attempt& attempt = batch[i].attempt.emplace();
            attempt.at = noon;
            attempt.http_status = 200;
            attempt.decision = "delivered";
            attempt.peer = "127.0.0.1:18080";
            attempt.response_head = "ok";
            attempt.first_byte = std::chrono::milliseconds(1);
            attempt.total = std::chrono::milliseconds(1);
        }
        const double begin = cpu_seconds();
        run(store_->settle(std::move(batch), {}, noon, store::ClaimPolicy()));
        return cpu_seconds() - begin;
    }

private:
    template <class T>
    T run(store::Store::Operation<T> operation)
    {
        std::optional<base::Result<T>> result;
        boost::asio::co_spawn(
            loop_,
            std::move(operation),
            [&result](const std::exception_ptr& failure, base::Result<T> value) {
                if (failure)
                    std::rethrow_exception(failure);
                result = std::move(value);
            }
        );
        loop_.restart();
        loop_.run();
        return std::move(*result).value();
    }

    store::Change change(const store::WatchedTask& task)
    {
        store::Change change;
        change.task = task.row;
        change.key = {"relay", task.id};
        change.transition = task::detect(task.known, task::Status::running, 10, "IN_PROGRESS", noon).value();
        change.upstream_status = "IN_PROGRESS";
        task::Snapshot snapshot;
        snapshot.upstream_status = "IN_PROGRESS";
        snapshot.prompt = std::string(700, 'x');  // about 1 KiB in all
        change.event = task::draft_event(change.key, change.transition, snapshot);
        store::Addressee to;
        to.sink = sink_.id;
        to.origin = sink_.origin;
        change.addressees.push_back(std::move(to));
        return change;
    }

    boost::asio::io_context loop_{1};
    std::filesystem::path directory_;
    std::optional<store::SqliteStore> store_;
    store::SinkRow sink_;
    std::size_t tasks_ = 0;
};

void measure(std::size_t n, std::size_t batch_size)
{
    constexpr double micro = 1e6;
    const auto each = static_cast<double>(n);
    Outbox backlog(store::Synchronous::full);
    std::vector<store::ClaimedDelivery> claimed;
    backlog.fill(n, 1000, 0, claimed);
    const auto [claiming, settling] = backlog.drain(n, batch_size);

    Outbox fresh(store::Synchronous::full);
    double recorded = 0;
    double settled = 0;
    for (std::size_t done = 0; done < n; done += batch_size) {
        claimed.clear();
        recorded += fresh.fill(batch_size, batch_size, batch_size, claimed);
        settled += fresh.settle(claimed);
    }
    fmt::print(
        "batch {:4}: backlog claim {:5.2f} + settle {:5.2f} = {:5.2f} us; fresh record {:5.2f}, settle "
        "{:5.2f} us\n",
        batch_size,
        claiming / each * micro,
        settling / each * micro,
        (claiming + settling) / each * micro,
        recorded / each * micro,
        settled / each * micro
    );
}

}  // namespace

int main(int argc, char** argv)
{
    const std::size_t n = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 50'000;
    const std::size_t only = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 0;
    for (const std::size_t batch_size : {10U, 100U, 500U})
        if (only == 0 || only == batch_size)
            measure(n, batch_size);
}
