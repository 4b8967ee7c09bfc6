#include "relay_routes.hpp"

#include "pollhook/base/text.hpp"
#include "pollhook/http/form.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace pollhook::simulator {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

constexpr std::string_view list_path = "/mj/task/list-by-condition";
constexpr std::string_view fetch_prefix = "/mj/task/";
constexpr std::string_view fetch_suffix = "/fetch";
constexpr std::string_view submit_path = "/mj/submit/imagine";
constexpr std::string_view query_path = "/api/v1/ai/draw/mj/query";
constexpr std::string_view pages_path = "/api/v1/ai/draw/mj/query-mj-tasks";

http::ServerResponse answer(int status, const json::value& body)
{
    http::ServerResponse response;
    response.status = status;
    response.body = json::serialize(body);
    return response;
}

http::ServerResponse proxy_error(int status, int code, std::string_view description)
{
    json::object body;
    body["code"] = code;
    body["description"] = description;
    body["type"] = "upstream_error";
    return answer(status, body);
}

http::ServerResponse ohmygpt_answer(int code, std::string_view message, json::value data)
{
    json::object body;
    body["statusCode"] = code;
    body["message"] = message;
    body["data"] = std::move(data);
    return answer(200, body);
}

http::ServerResponse unauthorized(Dialect dialect, bool has_key)
{
    if (dialect == Dialect::ohmygpt || !has_key)
        return status_answer(401, dialect);
    json::object error;
    error["message"] = "invalid token";
    error["type"] = "new_api_error";
    json::object body;
    body["error"] = std::move(error);
    return answer(401, body);
}

std::optional<json::object> parse_object(std::string_view text)
{
    json::error_code ec;
    json::value value = json::parse(text, ec);
    if (ec || !value.is_object())
        return std::nullopt;
    return std::move(value.get_object());
}

std::string_view form_value(const http::FormFields& fields, std::string_view name)
{
    for (const auto& [key, value] : fields) {
        if (key == name)
            return value;
    }
    return {};
}

std::optional<std::size_t> parse_size(std::string_view text)
{
    std::size_t number = 0;
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (bad != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return number;
}

std::string string_member(const json::object& object, std::string_view name)
{
    const json::value* value = object.if_contains(name);
    if (!value || !value->is_string())
        return {};
    return std::string(value->get_string());
}

/// The form of a body with `model=midjourney`, which OhMyGPT needs to know whose key may do what.
std::optional<http::FormFields> parse_model_form(std::string_view body)
{
    std::optional<http::FormFields> form = http::parse_form(body);
    if (form && form_value(*form, "model") != "midjourney")
        return std::nullopt;
    return form;
}

Dialect dialect_of(std::string_view path)
{
    return path.starts_with("/api/") ? Dialect::ohmygpt : Dialect::proxy;
}

}  // namespace

void RelayRoutes::set_faults(const std::vector<std::string>& specs)
{
    faults_ = Faults::parse(specs, FaultSide::relay, options_.seed);
}

asio::awaitable<http::ServerResponse> RelayRoutes::respond(const http::ServerRequest& request)
{
    last_request_ = request;
    const base::Duration delay = faults_.delay();
    http::ServerResponse response = route(request);
    if (std::optional<Fault> fault = faults_.answer_fault()) {
        ++counters_.faults;
        response = fault_answer(*fault, dialect_of(request.path), std::move(response));
    }
    if (delay > base::Duration::zero())
        co_await clock_.sleep_for(delay);
    co_return response;
}

http::ServerResponse RelayRoutes::route(const http::ServerRequest& request)
{
    const Dialect dialect = dialect_of(request.path);
    const bool is_fetch = request.path.starts_with(fetch_prefix) && request.path.ends_with(fetch_suffix) &&
                          request.path.size() > fetch_prefix.size() + fetch_suffix.size();
    const bool is_post = request.method == "POST";
    std::size_t* counter = &counters_.other;
    if (request.path == list_path && is_post)
        counter = &counters_.list;
    else if (is_fetch && request.method == "GET")
        counter = &counters_.fetch;
    else if (request.path == submit_path && is_post)
        counter = &counters_.submit;
    else if (request.path == query_path && is_post)
        counter = &counters_.query;
    else if (request.path == pages_path && is_post)
        counter = &counters_.pages;
    ++*counter;

    if (counter == &counters_.other)
        return status_answer(404, dialect);
    if (!is_authorized(request, dialect)) {
        ++counters_.unauthorized;
        return unauthorized(dialect, !request.field("authorization").empty());
    }
    if (counter == &counters_.list)
        return list(request);
    if (counter == &counters_.fetch) {
        const std::size_t length = request.path.size() - fetch_prefix.size() - fetch_suffix.size();
        return fetch(std::string_view(request.path).substr(fetch_prefix.size(), length));
    }
    if (counter == &counters_.submit)
        return submit(request);
    if (counter == &counters_.query)
        return query(request);
    return page(request);
}

bool RelayRoutes::is_authorized(const http::ServerRequest& request, Dialect dialect) const
{
    if (options_.api_key.empty())
        return true;
    const std::string_view authorization = request.field("authorization");
    const std::string_view secret = request.field("mj-api-secret");
    const std::string bearer = "Bearer " + options_.api_key;
    if (dialect == Dialect::ohmygpt)
        return authorization == bearer;
    // Two headers break some servers, so they break this one.
    switch (options_.auth) {
        case RelayAuth::bearer: return authorization == bearer && secret.empty();
        case RelayAuth::raw: return authorization == options_.api_key && secret.empty();
        case RelayAuth::mj_api_secret: return secret == options_.api_key && authorization.empty();
    }
    return false;
}

http::ServerResponse RelayRoutes::list(const http::ServerRequest& request)
{
    const std::string type = base::to_lower(request.field("content-type"));
    const std::optional<json::object> body = parse_object(request.body);
    const json::value* ids = body ? body->if_contains("ids") : nullptr;
    if (!type.starts_with("application/json") || !ids || !ids->is_array())
        return proxy_error(400, 4, "bind_request_body_failed");

    std::vector<const SimulatedTask*> known;
    for (const json::value& id : ids->get_array()) {
        if (!id.is_string())  // new-api refuses numbers
            return proxy_error(400, 4, "bind_request_body_failed");
        if (poisoned_.contains(std::string_view(id.get_string())))
            return status_answer(500, Dialect::proxy);
        if (const SimulatedTask* task = book_.find(std::string_view(id.get_string())))
            known.push_back(task);
    }
    const std::size_t asked = ids->get_array().size();
    counters_.ids += asked;
    counters_.largest_batch = std::max(counters_.largest_batch, asked);
    if (options_.batch_limit > 0 && asked > options_.batch_limit)
        return status_answer(options_.batch_refusal, Dialect::proxy);

    json::array shown = items(known, Dialect::proxy);
    shuffle(shown);
    return answer(200, shown);
}

http::ServerResponse RelayRoutes::fetch(std::string_view id)
{
    ++counters_.ids;
    if (const SimulatedTask* task = book_.find(id))
        return answer(200, view(*task, moment(*task), Dialect::proxy));
    http::ServerResponse nothing;
    switch (options_.unknown_task) {
        case UnknownTask::error_400: return proxy_error(400, 4, "task_no_found ");
        case UnknownTask::empty_200: break;
        case UnknownTask::no_content_204: nothing.status = 204; break;
    }
    return nothing;
}

http::ServerResponse RelayRoutes::submit(const http::ServerRequest& request)
{
    const std::optional<json::object> body = parse_object(request.body);
    const std::string prompt = body ? string_member(*body, "prompt") : std::string();
    if (prompt.empty())
        return proxy_error(400, 4, "prompt_is_required");
    TaskLife life = random_life(random_, options_.odds);
    life.prompt = prompt;
    life.state = string_member(*body, "state");
    life.webhook_url = string_member(*body, "notifyHook");

    json::object result;
    result["code"] = 1;
    result["description"] = "Submit success";
    result["result"] = submit_(std::move(life));
    return answer(200, result);
}

http::ServerResponse RelayRoutes::query(const http::ServerRequest& request)
{
    const std::optional<http::FormFields> form = parse_model_form(request.body);
    if (!form)
        return ohmygpt_answer(400, "model must be midjourney", nullptr);
    ++counters_.ids;
    const SimulatedTask* task = book_.find(form_value(*form, "taskId"));
    if (!task)
        return ohmygpt_answer(404, "Task not found", nullptr);
    return ohmygpt_answer(200, "Success", view(*task, moment(*task), Dialect::ohmygpt));
}

http::ServerResponse RelayRoutes::page(const http::ServerRequest& request)
{
    if (!parse_model_form(request.body))
        return ohmygpt_answer(400, "model must be midjourney", nullptr);
    const auto number = parse_size(request.parameter("page").value_or("1"));
    const auto size = parse_size(request.parameter("pageSize").value_or("12"));
    if (!number || *number < 1 || *number > 1'000'000)
        return ohmygpt_answer(400, "page must be at least 1", nullptr);
    if (!size || *size < 5 || *size > 20)
        return ohmygpt_answer(400, "pageSize must be from 5 to 20", nullptr);

    json::array shown = items(book_.newest((*number - 1) * *size, *size), Dialect::ohmygpt);
    switch (options_.page_shape) {
        case PageShape::total_and_tasks: break;
        case PageShape::bare_array: return ohmygpt_answer(200, "Success", std::move(shown));
        case PageShape::first_task_only:
            return ohmygpt_answer(200, "Success", shown.empty() ? json::value() : shown.front());
    }
    json::object data;
    data["total"] = book_.size();
    data["tasks"] = std::move(shown);
    return ohmygpt_answer(200, "Success", std::move(data));
}

TaskMoment RelayRoutes::moment(const SimulatedTask& task)
{
    TaskMoment now = moment_of(task, clock_.steady_now());
    if (now.step > 0 && faults_.strikes(FaultKind::backwards))
        now.step = static_cast<std::size_t>(random_.between(0, static_cast<std::int64_t>(now.step) - 1));
    return now;
}

json::value RelayRoutes::view(const SimulatedTask& task, const TaskMoment& moment, Dialect dialect)
{
    if (dialect == Dialect::ohmygpt)
        return ohmygpt_view(task, moment, random_);
    return proxy_view(task, moment, random_, options_.leak_internals);
}

json::array RelayRoutes::items(const std::vector<const SimulatedTask*>& tasks, Dialect dialect)
{
    json::array shown;
    for (const SimulatedTask* task : tasks) {
        if (faults_.strikes(FaultKind::omit))
            continue;
        TaskMoment current = moment(*task);
        shown.push_back(view(*task, current, dialect));
        if (faults_.strikes(FaultKind::duplicate)) {
            current.step -= current.step > 0 ? 1 : 0;
            shown.push_back(view(*task, current, dialect));
        }
    }
    if (faults_.strikes(FaultKind::foreign)) {
        SimulatedTask stranger;
        stranger.id = std::to_string(random_.between(1'000'000'000'000'000, 9'000'000'000'000'000));
        stranger.life = random_life(random_, options_.odds);
        stranger.submitted_at = clock_.now();
        stranger.created_at = clock_.steady_now();
        shown.push_back(view(stranger, TaskMoment(), dialect));
    }
    if (faults_.strikes(FaultKind::bad_item)) {
        json::object broken;
        broken[dialect == Dialect::ohmygpt ? "taskId" : "id"] = json::array();
        broken["status"] = 7;
        broken["progress"] = json::object();
        shown.push_back(std::move(broken));
    }
    return shown;
}

void RelayRoutes::shuffle(json::array& items)
{
    for (std::size_t i = items.size(); i > 1; --i) {
        const auto other = static_cast<std::size_t>(random_.between(0, static_cast<std::int64_t>(i) - 1));
        std::swap(items[i - 1], items[other]);
    }
}

}  // namespace pollhook::simulator
