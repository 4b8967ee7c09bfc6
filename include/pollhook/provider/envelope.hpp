#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pollhook::provider {

/// What an answer says about itself: `{"statusCode":200,"message":…,"data":…}`,
/// `{"success":false,"message":…}`, `{"code":4,"description":…}`, `{"error":{"message":…}}`.
struct Envelope {
    std::optional<std::int64_t> code;  ///< `statusCode`, else `code` when it is a number
    std::optional<bool> success;
    std::string message;  ///< the first of message, description, msg and error; as it came
    /// From the first byte of `data` on: to its end, or to the text's when it is cut. Empty: there is none.
    std::string_view data;
    bool whole = false;  ///< the object was there to its end
};

/// `text` begins with `{`. Whatever cannot be read is left out.
Envelope read_envelope(std::string_view text);

/// Whether a relay's words say that it does not know the task.
bool says_unknown_task(std::string_view message);

}  // namespace pollhook::provider
