#include "pollhook/provider/snapshot.hpp"

#include "pollhook/provider/clean_copy.hpp"
#include "pollhook/provider/error.hpp"
#include "pollhook/provider/task_fields.hpp"
#include "pollhook/provider/url.hpp"
#include "pollhook/task/status.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace pollhook::provider {
namespace {

/// FNV-1a of 64 bits: stable between machines and versions, since it is compared with what was stored.
class Digest {
public:
    void add(std::string_view text)
    {
        for (const char c : text)
            add_byte(static_cast<unsigned char>(c));
        add_byte(0);
    }
    void add(std::size_t number) { add(std::to_string(number)); }
    [[nodiscard]] std::uint64_t value() const { return value_; }

private:
    void add_byte(unsigned char byte)
    {
        constexpr std::uint64_t prime = 1099511628211U;
        value_ = (value_ ^ byte) * prime;
    }

    std::uint64_t value_ = 14695981039346656037U;
};

std::uint64_t digest_of(const task::Snapshot& snapshot, std::size_t buttons)
{
    Digest digest;
    digest.add(snapshot.image_url ? stable_url(*snapshot.image_url) : std::string());
    for (const auto* urls : {&snapshot.image_urls, &snapshot.video_urls}) {
        for (const std::string& url : *urls)
            digest.add(stable_url(url));
        digest.add(urls->size());
    }
    digest.add(snapshot.fail_reason.value_or(std::string()));
    digest.add(buttons);
    return digest.value();
}

void add_once(std::vector<std::string>& urls, const std::optional<std::string>& url)
{
    if (url && std::ranges::find(urls, *url) == urls.end())
        urls.push_back(*url);
}

bool succeeded(const task::Snapshot& snapshot)
{
    return task::from_upstream(snapshot.upstream_status) == task::Status::succeeded;
}

/// The results of these are texts.
bool needs_image(const task::Snapshot& snapshot)
{
    return snapshot.action != "DESCRIBE" && snapshot.action != "SHORTEN";
}

/// What both dialects have in common.
task::Snapshot read_common(const JsonObject& task, const TaskFields& fields)
{
    task::Snapshot snapshot;
    snapshot.upstream_status = string_of(task.find("status")).value_or(std::string());
    snapshot.action = fields.text("action");
    snapshot.prompt = fields.text("prompt");
    snapshot.fail_reason = fields.text("failReason");
    snapshot.submitted_at = fields.time("submitTime");
    snapshot.started_at = fields.time("startTime");
    snapshot.finished_at = fields.time("finishTime");
    snapshot.upstream = clean_copy(task);
    return snapshot;
}

/// Some relays put the result of a success where others give reasons.
void take_misplaced_result(task::Snapshot& snapshot)
{
    if (!succeeded(snapshot) || !snapshot.fail_reason || !is_web_url(*snapshot.fail_reason))
        return;
    if (!snapshot.image_url && snapshot.image_urls.empty() && snapshot.video_urls.empty())
        snapshot.image_url = std::move(snapshot.fail_reason);
    snapshot.fail_reason.reset();
}

}  // namespace

base::Result<task::Snapshot> read_midjourney_proxy_snapshot(std::string_view raw)
{
    const auto task = JsonObject::parse(raw);
    if (!task)
        return make_error_code(Errc::malformed_answer);
    const TaskFields fields(*task);
    task::Snapshot snapshot = read_common(*task, fields);
    snapshot.image_url = fields.url("imageUrl");
    snapshot.image_urls = fields.urls("imageUrls");
    add_once(snapshot.video_urls, fields.url("videoUrl"));
    for (const std::string& url : fields.urls("videoUrls"))
        add_once(snapshot.video_urls, url);
    take_misplaced_result(snapshot);
    if (!snapshot.image_url && !snapshot.image_urls.empty())
        snapshot.image_url = snapshot.image_urls.front();
    if (snapshot.image_urls.empty())
        add_once(snapshot.image_urls, snapshot.image_url);
    snapshot.buttons = fields.array("buttons");
    const std::size_t buttons = fields.count("buttons");
    snapshot.result_digest = digest_of(snapshot, buttons);
    const bool has_result = snapshot.image_url || !snapshot.video_urls.empty();
    snapshot.complete = !succeeded(snapshot) || ((has_result || !needs_image(snapshot)) && buttons > 0);
    return snapshot;
}

base::Result<task::Snapshot> read_ohmygpt_snapshot(std::string_view raw)
{
    const auto task = JsonObject::parse(raw);
    if (!task)
        return make_error_code(Errc::malformed_answer);
    const TaskFields fields(*task);
    task::Snapshot snapshot = read_common(*task, fields);
    const auto mirrored = fields.url("imageS3Url");
    // Discord's own links expire; the mirror's stay.
    snapshot.image_url = mirrored ? mirrored : fields.url("imageDcUrl");
    add_once(snapshot.image_urls, mirrored);
    add_once(snapshot.image_urls, fields.url("imageDcUrl"));
    take_misplaced_result(snapshot);
    if (snapshot.image_urls.empty())
        add_once(snapshot.image_urls, snapshot.image_url);
    snapshot.buttons = fields.array("actions");
    snapshot.result_digest = digest_of(snapshot, fields.count("actions"));
    if (auto callback = fields.text("webhookUrl"); callback && is_web_url(*callback))
        snapshot.callback_url = std::move(callback);
    snapshot.complete = !succeeded(snapshot) || mirrored || !needs_image(snapshot);
    return snapshot;
}

}  // namespace pollhook::provider
