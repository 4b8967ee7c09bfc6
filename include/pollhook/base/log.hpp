#pragma once

#include <string_view>

namespace pollhook::base {

enum class LogLevel { trace, debug, info, warn, error };

/// `automatic` is `journal` when standard error is the journal (JOURNAL_STREAM, see systemd.exec(5)), else
/// `text`.
enum class LogFormat { automatic, text, json, journal };

/// Sends spdlog's default logger to standard error.
///
/// text:    `2026-11-21T03:18:39.123Z info  poll.failed: provider=quickrouter error="timed out"`
/// json:    one object a line, with `time`, `level`, `message`, and of a message in the form above also
/// `event` and
///          `fields`, an object of texts.
/// journal: `<6>poll.failed: …`, the level as sd-daemon(3) wants it and no time stamp.
/// A line stays a line: control characters in a message become blanks.
/// Call it first before other threads run; calling it again changes level and format, from any thread.
void set_up_logging(LogLevel level, LogFormat format);

}  // namespace pollhook::base
