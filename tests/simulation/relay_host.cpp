#include "relay_host.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

namespace pollhook::simulation {

namespace asio = boost::asio;
namespace json = boost::json;

RelayHost::RelayHost(Surroundings surroundings, simulator::RelayOptions options)
    : with_(surroundings),
      options_(std::move(options)),
      random_(options_.seed),
      clock_(*with_.timeline, loop_),
      book_(options_.max_tasks),
      routes_(clock_, options_, book_, random_)
{
}

std::string RelayHost::next_id()
{
    last_id_ += static_cast<std::uint64_t>(random_.between(1, 100'000));
    return std::to_string(last_id_);
}

void RelayHost::submit(const std::string& id, std::string webhook_url)
{
    simulator::SimulatedTask task;
    task.id = id;
    submitted_.insert(id);
    task.life = simulator::random_life(random_, options_.odds);
    task.life.webhook_url = std::move(webhook_url);
    task.submitted_at = clock_.now();
    task.created_at = clock_.steady_now();
    const std::size_t last = task.life.steps.size() - 1;
    last_end_ = std::max(last_end_, task.created_at + task.life.start_of(last));
    if (simulator::is_terminal(task.life.steps[last].status))
        ending_.insert(task.id);
    book_.add(std::move(task));
}

void RelayHost::contradict(const std::string& id, std::string_view word)
{
    if (simulator::SimulatedTask* task = book_.find(id))
        task->overrides["status"] = word;
}

void RelayHost::tell_truth(const std::string& id)
{
    if (simulator::SimulatedTask* task = book_.find(id))
        task->overrides.erase("status");
}

void RelayHost::forget(const std::string& id)
{
    book_.remove(id);
    forgotten_.insert(id);
}

void RelayHost::set_faults(const std::vector<std::string>& specs)
{
    routes_.set_faults(specs);
    leaves_out_ = leaves_out_ || std::ranges::any_of(specs, [](const std::string& spec) {
                      return spec.starts_with("omit") || spec.starts_with("empty");
                  });
}

const std::set<std::string>& RelayHost::words(const std::string& id) const
{
    static const std::set<std::string> none;
    const auto found = words_.find(id);
    return found == words_.end() ? none : found->second;
}

bool RelayHost::may_be_lost(const std::string& id) const
{
    return leaves_out_ || forgotten_.contains(id) || !submitted_.contains(id);
}

bool RelayHost::ends(const std::string& id) const
{
    return ending_.contains(id) || forgotten_.contains(id);
}

Reply RelayHost::serve(const Call& call)
{
    requests_.push_back({.at = call.sent_at, .boot = call.boot, .on_new_connection = call.is_first});
    if (const std::string leak = with_.canaries->leak_in(call.bytes, call.host); !leak.empty())
        with_.violations->add("I12", fmt::format("{} saw {}", call.host, leak));
    Reply reply;
    reply.response = respond(call.request);
    reply.pause = base::Duration(random_.between(0, 200));
    remember(reply.response.body);
    with_.trace->note(
        "look {}{} bytes={} answer={} bytes={}",
        call.host,
        call.request.path,
        call.request.body.size(),
        reply.response.status,
        reply.response.body.size()
    );
    return reply;
}

http::ServerResponse RelayHost::respond(const http::ServerRequest& request)
{
    std::optional<http::ServerResponse> response;
    asio::co_spawn(
        loop_,
        routes_.respond(request),
        [&response](const std::exception_ptr& failure, http::ServerResponse answer) {
            if (failure)
                std::rethrow_exception(failure);
            response = std::move(answer);
        }
    );
    loop_.restart();
    loop_.poll();
    return std::move(response.value());
}

/// Whatever the answer may have said about a task: it shows no later step than the current one.
void RelayHost::remember(std::string_view answer)
{
    for (const std::string& id : book_.ids()) {
        if (answer.find(id) == std::string_view::npos)
            continue;
        const simulator::SimulatedTask& task = *book_.find(id);
        const std::size_t current = simulator::moment_of(task, clock_.steady_now()).step;
        for (std::size_t step = 0; step <= current; ++step)
            words_[id].insert(task.life.steps[step].status);
        if (const json::value* lie = task.overrides.if_contains("status"))
            words_[id].emplace(lie->get_string());
    }
}

}  // namespace pollhook::simulation
