#include "task_view.hpp"

#include <boost/json.hpp>
#include <spdlog/fmt/fmt.h>

#include <array>
#include <charconv>
#include <string_view>
#include <utility>

namespace pollhook::simulator {

namespace json = boost::json;

namespace {

constexpr base::Duration mirror_delay = std::chrono::seconds(5);

/// Times are those of the wall, so a faster relay shows shorter spans.
base::TimePoint time_of_step(const SimulatedTask& task, std::size_t step)
{
    const auto simulated = static_cast<double>(task.life.start_of(step).count());
    return task.submitted_at + base::Duration(static_cast<std::int64_t>(simulated / task.speed));
}

std::optional<base::TimePoint> started_at(const SimulatedTask& task, std::size_t current)
{
    for (std::size_t i = 0; i <= current; ++i) {
        const std::string& status = task.life.steps[i].status;
        if (status == "IN_PROGRESS" || status == "MODAL" || is_terminal(status))
            return time_of_step(task, i);
    }
    return std::nullopt;
}

std::optional<base::TimePoint> finished_at(const SimulatedTask& task, std::size_t current)
{
    if (!is_terminal(task.life.steps[current].status))
        return std::nullopt;
    return time_of_step(task, current);
}

/// Stable for a task, so that its image and buttons stay the same.
std::string job_id(const SimulatedTask& task)
{
    const std::uint64_t hash = std::hash<std::string>()(task.id) * 0x9e3779b97f4a7c15U;
    return fmt::format(
        "{:08x}-{:04x}-4{:03x}-9{:03x}-{:012x}",
        hash >> 32U,
        (hash >> 16U) & 0xffffU,
        hash & 0xfffU,
        (hash >> 8U) & 0xfffU,
        hash & 0xffffffffffffU
    );
}

std::string signature_query(std::uint64_t seed)
{
    const std::uint64_t mixed = seed * 0x9e3779b97f4a7c15U;
    return fmt::format(
        "ex={:08x}&is={:08x}&hm={:016x}{:016x}&", mixed >> 32U, mixed & 0xffffffffU, mixed, ~mixed
    );
}

std::string image_path(const SimulatedTask& task)
{
    return fmt::format("/attachments/1300842274347028520/{}/image_{}.png", task.id, job_id(task));
}

/// Empty while there is no picture. Discord signs a finished one; a preview has a new address at every look.
std::string image_url(const SimulatedTask& task, const LifeStep& step, base::Random& random)
{
    if (step.status == "SUCCESS") {
        const std::uint64_t seed = std::hash<std::string>()(task.id);
        return "https://cdn.discordapp.com" + image_path(task) + "?" + signature_query(seed);
    }
    int percent = 0;
    std::from_chars(step.progress.data(), step.progress.data() + step.progress.size(), percent);
    if (step.status != "IN_PROGRESS" || percent < 10)
        return {};
    const auto rand = random.between(1'000'000'000, 9'999'999'999);
    return fmt::format(
        "https://cdn.discordapp.com/ephemeral-attachments/{}/{}_grid_0.webp?{}rand={}",
        task.id,
        job_id(task),
        signature_query(static_cast<std::uint64_t>(rand)),
        rand
    );
}

struct Button {
    std::string custom_id;
    std::string_view emoji;
    std::string label;
};

std::vector<Button> buttons_of(const SimulatedTask& task, const LifeStep& step)
{
    std::vector<Button> buttons;
    if (step.status != "SUCCESS")
        return buttons;
    const std::string job = job_id(task);
    for (int i = 1; i <= 4; ++i)
        buttons.push_back({fmt::format("MJ::JOB::upsample::{}::{}", i, job), "", fmt::format("U{}", i)});
    buttons.push_back({fmt::format("MJ::JOB::reroll::0::{}::SOLO", job), "🔄", ""});
    for (int i = 1; i <= 4; ++i)
        buttons.push_back({fmt::format("MJ::JOB::variation::{}::{}", i, job), "", fmt::format("V{}", i)});
    return buttons;
}

std::int64_t unix_ms_or_zero(const std::optional<base::TimePoint>& time)
{
    return time ? base::to_unix_ms(*time) : 0;
}

json::value text_or_null(const std::optional<base::TimePoint>& time)
{
    if (!time)
        return nullptr;
    return json::value(base::format_rfc3339(*time));
}

json::value text_or_null(std::string_view text)
{
    if (text.empty())
        return nullptr;
    return json::value(text);
}

void merge(json::object& object, const json::object& fields)
{
    for (const auto& [key, value] : fields)
        object[key] = value;
}

json::object proxy_properties(const SimulatedTask& task, bool leak_internals)
{
    json::object properties;
    properties["finalPrompt"] = task.life.prompt;
    properties["finalZhPrompt"] = "";
    if (leak_internals) {
        properties["notifyHook"] = task.life.webhook_url;
        properties["nonce"] = "18571" + task.id;
        properties["discordInstanceId"] = "1300842274347028520";
    }
    return properties;
}

}  // namespace

TaskMoment moment_of(const SimulatedTask& task, base::SteadyPoint now)
{
    const auto real = static_cast<double>((now - task.created_at).count());
    TaskMoment moment;
    moment.age = base::Duration(static_cast<std::int64_t>(real * task.speed));
    moment.step = task.life.step_at(moment.age);
    return moment;
}

json::value proxy_view(
    const SimulatedTask& task, const TaskMoment& moment, base::Random& random, bool leak_internals
)
{
    if (task.fixed)
        return *task.fixed;
    const LifeStep& step = task.life.steps[moment.step];

    json::object view;
    view["id"] = task.id;
    view["action"] = task.life.action;
    view["customId"] = "";
    view["botType"] = "";
    view["prompt"] = task.life.prompt;
    view["promptEn"] = task.life.prompt;
    view["description"] = "Submit success";
    view["state"] = task.life.state;
    view["submitTime"] = base::to_unix_ms(task.submitted_at);
    view["startTime"] = unix_ms_or_zero(started_at(task, moment.step));
    view["finishTime"] = unix_ms_or_zero(finished_at(task, moment.step));
    view["imageUrl"] = image_url(task, step, random);
    view["status"] = step.status;
    view["progress"] = step.progress;
    view["failReason"] = step.fail_reason;

    json::array buttons;
    for (const Button& button : buttons_of(task, step)) {
        json::object entry;
        entry["customId"] = button.custom_id;
        entry["emoji"] = button.emoji;
        entry["label"] = button.label;
        entry["type"] = 2;
        entry["style"] = 2;
        buttons.push_back(std::move(entry));
    }
    view["buttons"] = std::move(buttons);
    view["maskBase64"] = "";
    view["properties"] = proxy_properties(task, leak_internals);
    if (leak_internals) {
        view["userId"] = 4711;
        view["clientIp"] = "198.51.100.23";
    }
    merge(view, step.fields);
    merge(view, task.overrides);
    return view;
}

json::value ohmygpt_view(const SimulatedTask& task, const TaskMoment& moment, base::Random& random)
{
    if (task.fixed)
        return *task.fixed;
    const LifeStep& step = task.life.steps[moment.step];

    json::object view;
    std::int64_t number = 0;
    const auto [end, bad] = std::from_chars(task.id.data(), task.id.data() + task.id.size(), number);
    if (bad == std::errc() && end == task.id.data() + task.id.size())
        view["taskId"] = number;
    else
        view["taskId"] = task.id;
    view["taskType"] = "NORMAL";
    view["status"] = step.status;
    view["action"] = task.life.action;
    view["progress"] = step.progress;
    view["description"] = "/imagine " + task.life.prompt;
    view["prompt"] = task.life.prompt;
    view["failReason"] = text_or_null(step.fail_reason);
    view["submitTime"] = base::format_rfc3339(task.submitted_at);
    view["startTime"] = text_or_null(started_at(task, moment.step));
    view["finishTime"] = text_or_null(finished_at(task, moment.step));
    view["webhookUrl"] = text_or_null(task.life.webhook_url);
    view["imageDcUrl"] = text_or_null(image_url(task, step, random));
    const bool mirrored =
        step.status == "SUCCESS" && moment.age >= task.life.start_of(moment.step) + mirror_delay;
    view["imageS3Url"] =
        text_or_null(mirrored ? "https://files.example.com/mj" + image_path(task) : std::string());

    json::array actions;
    for (const Button& button : buttons_of(task, step)) {
        json::object entry;
        entry["customId"] = button.custom_id;
        entry["emoji"] = button.emoji;
        entry["label"] = button.label;
        actions.push_back(std::move(entry));
    }
    view["actions"] = std::move(actions);
    merge(view, step.fields);
    merge(view, task.overrides);
    return view;
}

}  // namespace pollhook::simulator
