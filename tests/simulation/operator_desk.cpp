#include "operator_desk.hpp"

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
    post("/v1/sinks/" + sink + "/pause", R"({"reason":"maintenance"})", [this, sink](const auto& response) {
        with_.trace->note("paused {} answer={}", sink, response.status);
        if (response.status == 200)
            pauses_.push_back({.sink = sink, .from = with_.timeline->now()});
    });
}

void OperatorDesk::resume(const std::string& sink)
{
    for (SinkPause& pause : pauses_)
        if (pause.sink == sink)
            pause.until = std::min(pause.until, with_.timeline->now());
    post("/v1/sinks/" + sink + "/resume", "{}");
}

void OperatorDesk::post(const std::string& path, std::string body, const Process::OnAnswer& on_answer)
{
    Process* const process = with_.process();
    if (process == nullptr)
        return;
    http::ServerRequest request;
    request.method = "POST";
    request.target = path;
    request.path = path;
    request.fields = {{"host", "pollhook"}, {"content-type", "application/json"}};
    request.body = std::move(body);
    request.peer = "127.0.0.1:1";
    process->request(std::move(request), [on_answer](const http::ServerResponse& response) {
        if (on_answer)
            on_answer(response);
    });
}

}  // namespace pollhook::simulation
