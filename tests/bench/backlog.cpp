// Fills a state directory through the store's own interface: with deliveries that wait for one sink, that is
// tasks that have ended or are under way, their events, and one delivery each, as the daemon leaves them
// while a receiver is down; or with tasks that were registered and not looked at yet.
#include "pollhook/store/sqlite_store.hpp"
#include "pollhook/task/detect.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <exception>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace pollhook;

constexpr const char* usage =
    "usage: bench_backlog --state-dir DIR --sink NAME --host http://HOST:PORT\n"
    "                     [--events 50000] [--per-task 1] [--size 1024] [--normal]\n"
    "       bench_backlog --state-dir DIR --pending COUNT [--normal]\n"
    "  --per-task  events of one task, the last one of them terminal (2 to 99, or 1)\n"
    "  --size      of each body in bytes\n"
    "  --normal    synchronous = normal while filling, which is quicker\n";

struct Options {
    std::string directory, sink, host;
    std::size_t events = 50'000, per_task = 1, size = 1024, pending = 0;
    bool normal = false;
};

std::size_t number(const std::string& text)
{
    std::size_t value = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), value).ptr != text.data() + text.size())
        throw std::invalid_argument(usage);
    return value;
}

Options parse(int argc, char** argv)
{
    std::map<std::string, std::string> given;
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        if (word == "--normal")
            options.normal = true;
        else if (i + 1 < argc)
            given[word] = argv[++i];
        else
            throw std::invalid_argument(usage);
    }
    const auto take = [&](const char* name, auto into) {
        if (const auto found = given.extract(name))
            into(found.mapped());
    };
    take("--state-dir", [&](const std::string& text) { options.directory = text; });
    take("--sink", [&](const std::string& text) { options.sink = text; });
    take("--host", [&](const std::string& text) { options.host = text; });
    take("--events", [&](const std::string& text) { options.events = number(text); });
    take("--per-task", [&](const std::string& text) { options.per_task = number(text); });
    take("--pending", [&](const std::string& text) { options.pending = number(text); });
    take("--size", [&](const std::string& text) { options.size = number(text); });
    const bool has_sink = !options.sink.empty() && !options.host.empty();
    if (!given.empty() || options.directory.empty() || has_sink == (options.pending > 0) ||
        options.per_task == 0 || options.per_task > 99)
        throw std::invalid_argument(usage);
    return options;
}

/// Runs the loop until the operation has ended.
template <class T>
T run(boost::asio::io_context& loop, store::Store::Operation<T> operation)
{
    std::optional<base::Result<T>> result;
    boost::asio::co_spawn(
        loop,
        std::move(operation),
        [&result](const std::exception_ptr& failure, base::Result<T> value) {
            if (failure)
                std::rethrow_exception(failure);
            result = std::move(value);
        }
    );
    loop.restart();
    while (!result)
        loop.run_one();
    return std::move(*result).value();
}

store::Change change_of(
    const store::WatchedTask& task,
    const task::TaskKey& key,
    const task::Transition& transition,
    const store::SinkRow& sink,
    std::size_t size
)
{
    task::Snapshot snapshot;
    snapshot.upstream_status = transition.to == task::Status::succeeded ? "SUCCESS" : "IN_PROGRESS";
    snapshot.action = "IMAGINE";
    store::Change change;
    change.task = task.row;
    change.key = key;
    change.transition = transition;
    change.upstream_status = snapshot.upstream_status;
    const auto draft = [&](std::size_t filling) {
        snapshot.prompt = std::string(filling, 'x');
        change.event = task::draft_event(key, transition, snapshot);
        return task::assemble(change.event, "{}").bytes.size();
    };
    const std::size_t least = draft(0);
    draft(size > least ? size - least : 0);
    change.addressees = {store::Addressee{.sink = sink.id, .origin = sink.origin}};
    return change;
}

base::TimePoint ten_minutes_ago()
{
    return std::chrono::time_point_cast<base::Duration>(std::chrono::system_clock::now()) -
           std::chrono::minutes(10);
}

void register_pending(boost::asio::io_context& loop, store::SqliteStore& store, std::size_t count)
{
    const auto now = std::chrono::time_point_cast<base::Duration>(std::chrono::system_clock::now());
    constexpr std::size_t together = 2000;
    for (std::size_t first = 0; first < count; first += together) {
        std::vector<store::Registration> batch;
        for (std::size_t i = first; i < std::min(count, first + together); ++i)
            batch.push_back({.key = {"relay", "task-" + std::to_string(i)}});
        run(loop, store.register_tasks(std::move(batch), now));
    }
    std::printf("%zu tasks are pending\n", count);
}

void add_deliveries(boost::asio::io_context& loop, store::SqliteStore& store, const Options& options)
{
    std::vector<store::SinkOpening> wanted;
    wanted.push_back({.name = options.sink, .host = options.host});
    const store::SinkRow sink = run(loop, store.open_sinks(wanted)).front();
    base::TimePoint at = ten_minutes_ago();
    const std::size_t tasks = (options.events + options.per_task - 1) / options.per_task;
    constexpr std::size_t together = 500;
    std::size_t left = options.events;
    for (std::size_t first = 0; first < tasks; first += together) {
        std::vector<store::Registration> batch;
        for (std::size_t i = first; i < std::min(tasks, first + together); ++i)
            batch.push_back({.key = {"relay", std::to_string(1'743'326'750'000'000 + i)}});
        const auto registered = run(loop, store.register_tasks(batch, at));
        std::vector<task::Known> known;
        for (const store::Registered& one : registered)
            known.push_back(one.task.known);
        for (std::size_t step = 1; step <= options.per_task && left > 0; ++step) {
            const bool last = step == options.per_task;
            std::vector<store::Change> changes;
            for (std::size_t i = 0; i < registered.size() && left > 0; ++i, --left) {
                const auto status = last ? task::Status::succeeded : task::Status::running;
                const auto progress = static_cast<std::int8_t>(last ? 100 : step);
                const std::string word = last ? "SUCCESS" : "IN_PROGRESS";
                const auto transition = task::detect(known[i], status, progress, word, at);
                if (!transition)
                    throw std::logic_error("a step that is no change");
                known[i] = task::apply(known[i], *transition, word);
                changes.push_back(change_of(registered[i].task, batch[i].key, *transition, sink, options.size)
                );
            }
            run(loop, store.record(std::move(changes), store::ClaimPolicy{}));
            at += std::chrono::milliseconds(1);
        }
    }
    std::printf("%zu deliveries of %zu tasks wait for %s\n", options.events, tasks, options.sink.c_str());
}

void fill(const Options& options)
{
    boost::asio::io_context loop{1};
    store::SqliteOptions opening;
    opening.directory = options.directory;
    opening.synchronous = options.normal ? store::Synchronous::normal : store::Synchronous::full;
    store::SqliteStore store(loop.get_executor(), opening);
    if (options.pending > 0)
        register_pending(loop, store, options.pending);
    else
        add_deliveries(loop, store, options);
    bool closed = false;
    boost::asio::co_spawn(loop, store.close(), [&closed](const std::exception_ptr& failure) {
        if (failure)
            std::rethrow_exception(failure);
        closed = true;
    });
    loop.restart();
    while (!closed)
        loop.run_one();
}

}  // namespace

int main(int argc, char** argv)
{
    try {
        fill(parse(argc, argv));
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "bench_backlog: %s\n", failure.what());
        return 1;
    }
}
