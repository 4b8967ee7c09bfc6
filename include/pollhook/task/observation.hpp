#pragma once

#include "pollhook/base/time.hpp"
#include "pollhook/task/status.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pollhook::task {

/// The few facts that decide whether a task changed, read from one item of a relay's answer without building
/// it. The views point into the answer's bytes and live as long as those.
struct Observation {
    std::string_view id;
    Status status = Status::queued;    ///< never `lost` or `expired`: those are ours
    std::int8_t progress = -1;         ///< 0 to 100, -1 when the relay gave none
    std::string_view upstream_status;  ///< the relay's own word, JSON escapes undone where that needs no copy
    std::string_view raw;              ///< the item's bytes, one JSON object; what snapshot() reads
};

/// Everything that an event tells about a task, read from one item once it has changed.
struct Snapshot {
    std::string upstream_status;
    std::optional<std::string> action;
    std::optional<std::string> prompt;
    std::optional<std::string> fail_reason;
    std::optional<base::TimePoint> submitted_at;
    std::optional<base::TimePoint> started_at;
    std::optional<base::TimePoint> finished_at;
    std::optional<std::string> image_url;
    std::vector<std::string> image_urls;
    std::vector<std::string> video_urls;
    std::string buttons = "[]";               ///< JSON array, as the relay sent it
    std::string upstream = "{}";              ///< JSON object: the relay's, stripped of what must not leave
    std::optional<std::string> callback_url;  ///< the task's own webhookUrl as the relay knows it (OhMyGPT)
    /// False while a terminal task may still get its result (OhMyGPT's imageS3Url, missing image or buttons):
    /// it is looked at again for a short settle time.
    bool complete = true;
    /// A digest of the result (image, video URLs without their volatile parts, fail reason, number of
    /// buttons), stable from poll to poll.
    std::uint64_t result_digest = 0;
};

}  // namespace pollhook::task
