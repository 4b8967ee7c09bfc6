#include "demo_screen.hpp"

#include "pollhook/base/text.hpp"
#include "pollhook/base/version.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <optional>

namespace pollhook::cli {
namespace {

namespace json = boost::json;

// Select Graphic Rendition codes (ECMA-48, 8.3.117).
constexpr std::string_view bold = "1";
constexpr std::string_view dim = "2";
constexpr std::string_view red = "31";
constexpr std::string_view green = "32";
constexpr std::string_view yellow = "33";
constexpr std::string_view blue = "34";
constexpr std::string_view cyan = "36";

constexpr std::string_view demo_explanation =
    "  The relay is simulated: tasks appear and move there, ten times as fast as real\n"
    "  ones. pollhook asks it, in batches, stores each change and posts a signed\n"
    "  webhook. The receiver verifies each signature, and now and then fails on\n"
    "  purpose, so that pollhook has to send again.\n";

std::string_view color_of(std::string_view type)
{
    if (type == "task.succeeded")
        return green;
    if (type == "task.failed" || type == "task.lost" || type == "task.expired")
        return red;
    if (type == "task.cancelled" || type == "task.waiting" || type == "task.stalled")
        return yellow;
    return cyan;
}

bool is_end(std::string_view type)
{
    return type == "task.succeeded" || type == "task.failed" || type == "task.cancelled" ||
           type == "task.lost" || type == "task.expired";
}

/// What a line shows of a webhook's body.
struct Content {
    std::optional<std::int64_t> progress;
    std::optional<base::TimePoint> timestamp;
};

Content read(const std::string& body)
{
    Content content;
    json::error_code ec;
    const json::value parsed = json::parse(body, ec);
    if (ec || !parsed.is_object())
        return content;
    if (const auto* time = parsed.get_object().if_contains("timestamp"); time && time->is_string())
        content.timestamp = base::parse_rfc3339(std::string_view(time->get_string()));
    const auto* payload = parsed.get_object().if_contains("data");
    if (payload == nullptr || !payload->is_object())
        return content;
    if (const auto* progress = payload->get_object().if_contains("progress");
        progress && progress->is_int64())
        content.progress = progress->get_int64();
    return content;
}

std::string bar(std::optional<std::int64_t> progress)
{
    constexpr std::int64_t width = 6;
    const std::int64_t percent = std::clamp<std::int64_t>(progress.value_or(0), 0, 100);
    const std::int64_t full = (percent * width + 50) / 100;
    std::string text;
    for (std::int64_t i = 0; i < width; ++i)
        text += i < full ? "█" : "░";
    return text;
}

}  // namespace

std::string DemoScreen::paint(std::string_view code, std::string_view text) const
{
    if (colors_ == Colors::off)
        return std::string(text);
    return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

/// Local time, since it is for the person who watches.
std::string DemoScreen::clock_text(base::TimePoint time) const
{
    const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
    std::tm parts{};
    ::localtime_r(&seconds, &parts);
    return paint(dim, fmt::format("{:02}:{:02}:{:02}", parts.tm_hour, parts.tm_min, parts.tm_sec));
}

std::string DemoScreen::header(const Places& places) const
{
    return fmt::format(
        "{}\n\n"
        "  {}  {}\n  {}  {}\n  {}  {}\n\n"
        "{}\n"
        "  From another terminal:\n"
        "    {} task list --admin {}\n"
        "    curl {}/v1/status\n"
        "  Ctrl-C ends the demo and removes its files.\n\n",
        paint(bold, fmt::format("pollhook {} demo", base::version())),
        paint(blue, "relay   "),
        places.relay,
        paint(bold, "pollhook"),
        places.admin,
        paint(cyan, "receiver"),
        places.receiver,
        demo_explanation,
        places.program,
        places.admin,
        places.admin
    );
}

std::string DemoScreen::relay_line(base::TimePoint now, std::string_view id, std::string_view word) const
{
    return fmt::format(
        "{} {} {} {}\n",
        clock_text(now),
        paint(blue, "relay  "),
        base::printable(id),
        paint(dim, base::printable(word))
    );
}

std::string DemoScreen::webhook_line(const simulator::Receipt& receipt)
{
    order_.observe(receipt);
    ++received_;
    const bool is_genuine = receipt.verdict == simulator::Verdict::genuine;
    const bool is_taken = receipt.status >= 200 && receipt.status < 300;
    verified_ += is_genuine ? 1U : 0U;
    if (is_taken) {
        to_come_again_.erase(receipt.id);
    } else if (is_genuine) {
        ++refused_;
        to_come_again_.insert(receipt.id);
    }
    if (is_end(receipt.type) && is_taken)
        ended_.insert(receipt.task);

    const Content content = read(receipt.body);
    const base::Duration delay = receipt.received_at - content.timestamp.value_or(receipt.received_at);
    if (receipt.attempt.value_or(1) == 1)
        delays_.push_back(std::max(base::Duration(0), delay));
    const std::string percent = content.progress ? fmt::format("{}%", *content.progress) : "";
    return fmt::format(
        "{} {} {:16} {} {:>4} {} {:<3} {}\n",
        clock_text(receipt.received_at),
        paint(cyan, "webhook"),
        base::printable(receipt.task),
        bar(content.progress),
        percent,
        paint(color_of(receipt.type), fmt::format("{:14}", base::printable(receipt.type))),
        fmt::format("#{}", receipt.sequence.value_or(0)),
        outcome(receipt, std::max(base::Duration(0), delay))
    );
}

std::string DemoScreen::outcome(const simulator::Receipt& receipt, base::Duration since_event) const
{
    if (receipt.verdict && *receipt.verdict != simulator::Verdict::genuine)
        return paint(red, fmt::format("not genuine: {}", simulator::name(*receipt.verdict)));
    if (receipt.status < 200 || receipt.status > 299)
        return paint(yellow, fmt::format("{} on purpose", receipt.status));
    const std::string again = receipt.attempt.value_or(1) > 1 ? fmt::format("try {}", *receipt.attempt)
                                                              : fmt::format("{} ms", since_event.count());
    return fmt::format("{} {}", paint(green, "verified"), again);
}

std::string DemoScreen::problem_line(base::TimePoint now, std::string_view text) const
{
    return fmt::format("{} {} {}\n", clock_text(now), paint(red, "problem"), base::printable(text));
}

std::string DemoScreen::summary(std::size_t registered, base::Duration elapsed) const
{
    auto delays = delays_;
    std::ranges::sort(delays);
    const base::Duration median = delays.empty() ? base::Duration(0) : delays[delays.size() / 2];
    std::string text = fmt::format(
        "\n{} {} tasks watched, {} of them ended. {} webhooks came, {} verified;\n"
        "refused on purpose: {}, and taken at a later try{}. From the detected\n"
        "change to the receiver: {} ms (median). {}\n",
        paint(bold, fmt::format("{} s:", std::chrono::duration_cast<std::chrono::seconds>(elapsed).count())),
        registered,
        ended_.size(),
        received_,
        verified_ == received_ ? "all" : std::to_string(verified_),
        refused_,
        to_come_again_.empty() ? "" : fmt::format(" but for {} that wait", to_come_again_.size()),
        median.count(),
        order_.violations().empty() ? "Every task's events came in order." : ""
    );
    for (const std::string& violation : order_.violations())
        text += paint(red, base::printable(violation, 500)) + "\n";
    return text;
}

}  // namespace pollhook::cli
