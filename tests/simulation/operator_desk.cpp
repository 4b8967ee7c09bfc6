#include "operator_desk.hpp"

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace pollhook::simulation {

using namespace std::chrono_literals;

void OperatorDesk::register_task(std::string provider, std::string id, std::string webhook_url)
{
    const std::string url =
        webhook_url.empty() ? std::string() : fmt::format(R"(,"webhookUrl":"{}")", webhook_url);
    const std::string body = fmt::format(R"({{"provider":"{}","id":"{}"{}}})", provider, id, url);
    try_to_register(provider, id, body);
}

void OperatorDesk::try_to_register(
    const std::string& provider, const std::string& id, const std::string& body
)
{
    if (registered_.contains({provider, id}))
        return;
    asked_[{provider, id}] = with_.timeline->wall();
    post("/v1/tasks", body, [this, provider, id](const http::ServerResponse& response) {
        with_.trace->note("register {}/{} answer={}", provider, id, response.status);
        if (response.status == 200 || response.status == 201)
            registered_.emplace(provider, id);
    });
    // Whatever became of it: a careful client asks again until it is told.
    with_.timeline->after(3s, [this, provider, id, body] { try_to_register(provider, id, body); });
}

void OperatorDesk::pause(const std::string& sink)
{
    const std::size_t place = pauses_.size();
    pauses_.push_back({.sink = sink});
    const auto on_answer = [this, sink, place](const http::ServerResponse& response) {
        with_.trace->note("paused {} answer={}", sink, response.status);
        if (response.status == 200)
            pauses_[place].from = with_.timeline->now();
    };
    post("/v1/sinks/" + sink + "/pause", R"({"reason":"maintenance"})", on_answer);
}

void OperatorDesk::resume(const std::string& sink)
{
    for (SinkPause& pause : pauses_)
        if (pause.sink == sink)
            pause.until = std::min(pause.until, with_.timeline->now());
    post("/v1/sinks/" + sink + "/resume", "{}");
}

void OperatorDesk::prune()
{
    post("/v1/prune", "{}", [this](const http::ServerResponse& response) {
        with_.trace->note("prune answer={}", response.status);
    });
}

void OperatorDesk::reload()
{
    try_to_reload(with_.configurations->newest());
}

/// Whoever reads the files after a version was written finds it, or a newer one.
void OperatorDesk::try_to_reload(std::size_t version)
{
    if (with_.configurations->is_in_force(version))
        return;
    post("/v1/reload", "{}", [this, version](const http::ServerResponse& response) {
        with_.trace->note("reload version={} answer={}", version, response.status);
        if (response.status == 200)
            with_.configurations->took_over(version, with_.timeline->now());
        else if (response.status == 422)
            with_.violations->add("I7", "a good configuration is refused: " + response.body);
    });
    with_.timeline->after(3s, [this, version] { try_to_reload(version); });
}

void OperatorDesk::retry_dead()
{
    waits_for_answer_ = true;
    try_to_begin("/v1/deliveries/retry", R"({"state":"dead"})");
}

void OperatorDesk::replay(const std::string& sink)
{
    waits_for_answer_ = true;
    try_to_begin("/v1/sinks/" + sink + "/replay", R"({"since":"2000-01-01T00:00:00Z"})");
}

void OperatorDesk::try_to_begin(const std::string& path, const std::string& body)
{
    if (!waits_for_answer_)
        return;
    post(path, body, [this, path](const http::ServerResponse& response) {
        with_.trace->note("begin {} answer={}", path, response.status);
        if (response.status / 100 == 2)
            waits_for_answer_ = false;
    });
    with_.timeline->after(3s, [this, path, body] { try_to_begin(path, body); });
}

void OperatorDesk::look_around()
{
    for (const char* const path :
         {"/v1/status", "/v1/sinks", "/v1/providers", "/v1/tasks", "/v1/deliveries"}) {
        http::ServerRequest request;
        request.method = "GET";
        request.path = path;
        ask(std::move(request), [this, path](const http::ServerResponse& response) {
            with_.trace->note("see {} answer={}", path, response.status);
        });
    }
}

void OperatorDesk::look_at(const std::string& path, std::function<void(const boost::json::value&)> on_answer)
{
    http::ServerRequest request;
    request.method = "GET";
    request.path = path;
    ask(std::move(request), [on_answer = std::move(on_answer)](const http::ServerResponse& response) {
        if (response.status == 200)
            on_answer(boost::json::parse(response.body));
    });
}

void OperatorDesk::post(const std::string& path, std::string body, const Process::OnAnswer& on_answer)
{
    http::ServerRequest request;
    request.method = "POST";
    request.path = path;
    request.body = std::move(body);
    ask(std::move(request), on_answer);
}

void OperatorDesk::ask(http::ServerRequest request, const Process::OnAnswer& on_answer)
{
    Process* const process = with_.process();
    if (process == nullptr)
        return;
    request.target = request.path;
    request.fields = {{"host", "pollhook"}, {"content-type", "application/json"}};
    request.peer = "127.0.0.1:1";
    process->request(std::move(request), [this, on_answer](const http::ServerResponse& response) {
        if (const std::string leak = with_.canaries->leak_in(response.body, "the API"); !leak.empty())
            with_.violations->add("I12", "the API shows " + leak);
        if (on_answer)
            on_answer(response);
    });
}

}  // namespace pollhook::simulation
