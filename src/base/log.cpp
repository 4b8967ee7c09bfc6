#include "pollhook/base/log.hpp"

#include "log_fields.hpp"
#include "pollhook/base/journal.hpp"
#include "pollhook/base/text.hpp"
#include "pollhook/base/time.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <fmt/format.h>
#include <spdlog/formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace pollhook::base {
namespace {

constexpr std::string_view name(spdlog::level::level_enum level)
{
    switch (level) {
        case spdlog::level::trace: return "trace";
        case spdlog::level::debug: return "debug";
        case spdlog::level::info: return "info";
        case spdlog::level::warn: return "warn";
        default: return "error";
    }
}

/// syslog(3)'s numbers, as sd-daemon(3) reads them.
constexpr char journal_priority(spdlog::level::level_enum level)
{
    switch (level) {
        case spdlog::level::trace:
        case spdlog::level::debug: return '7';
        case spdlog::level::info: return '6';
        case spdlog::level::warn: return '4';
        case spdlog::level::err: return '3';
        default: return '2';
    }
}

/// Everything from outside was made printable where it was logged; a stray control character or broken UTF-8,
/// perhaps out of an exception's text, still must not forge a line.
std::string one_line(std::string_view text)
{
    if (!is_utf8(text))
        return printable(text, text.size() * 4);
    std::string line(text);
    std::ranges::replace_if(
        line, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7f'; }, ' '
    );
    return line;
}

/// What the line says, whole and taken apart, as members of an object.
std::string json_members(const std::string& text)
{
    const auto quoted = [](std::string_view part) {
        return boost::json::serialize(boost::json::string_view(part.data(), part.size()));
    };
    const LogFields split = split_log_line(text);
    std::string out;
    if (!split.event.empty())
        out += ",\"event\":" + quoted(split.event);
    out += ",\"message\":" + quoted(text);
    const char* before = ",\"fields\":{";
    for (const auto& [key, value] : split.fields) {
        out += before + quoted(key) + ':' + quoted(value);
        before = ",";
    }
    if (!split.fields.empty())
        out += '}';
    return out;
}

class LineFormatter final : public spdlog::formatter {
public:
    explicit LineFormatter(LogFormat format) : format_(format) {}

    void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override
    {
        const std::string text = one_line({message.payload.data(), message.payload.size()});
        const auto time = format_rfc3339(std::chrono::time_point_cast<Duration>(message.time));
        const std::string_view level = name(message.level);
        const auto append = [&](std::string_view part) {
            out.append(part.data(), part.data() + part.size());
        };
        switch (format_) {
            case LogFormat::json: {
                append("{\"time\":\"");
                append(time);
                append("\",\"level\":\"");
                append(level);
                append("\"");
                append(json_members(text));
                append("}\n");
                break;
            }
            case LogFormat::journal: {
                const char prefix[] = {'<', journal_priority(message.level), '>'};
                append({prefix, sizeof prefix});
                append(text);
                append("\n");
                break;
            }
            default:
                append(time);
                append(" ");
                append(level);
                append(std::string_view("      ").substr(level.size()));
                append(text);
                append("\n");
        }
    }

    [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override
    {
        return std::make_unique<LineFormatter>(format_);
    }

private:
    LogFormat format_;
};

spdlog::level::level_enum to_spdlog(LogLevel level)
{
    switch (level) {
        case LogLevel::trace: return spdlog::level::trace;
        case LogLevel::debug: return spdlog::level::debug;
        case LogLevel::info: return spdlog::level::info;
        case LogLevel::warn: return spdlog::level::warn;
        case LogLevel::error: return spdlog::level::err;
    }
    return spdlog::level::info;
}

}  // namespace

void set_up_logging(LogLevel level, LogFormat format)
{
    if (format == LogFormat::automatic)
        format = logs_to_journal() ? LogFormat::journal : LogFormat::text;
    constexpr const char* own_name = "pollhook";
    // Replacing the default logger races with the threads that use it; changing it does not.
    const bool first = spdlog::default_logger()->name() != own_name;
    const auto logger =
        first ? std::make_shared<spdlog::logger>(own_name, std::make_shared<spdlog::sinks::stderr_sink_mt>())
              : spdlog::default_logger();
    logger->set_formatter(std::make_unique<LineFormatter>(format));
    logger->set_level(to_spdlog(level));
    logger->flush_on(spdlog::level::trace);
    if (first)
        spdlog::set_default_logger(logger);
}

}  // namespace pollhook::base
