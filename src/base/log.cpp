#include "pollhook/base/log.hpp"

#include "pollhook/base/time.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <memory>
#include <string>

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

class LineFormatter final : public spdlog::formatter {
public:
    explicit LineFormatter(LogFormat format) : format_(format) {}

    void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override
    {
        const std::string_view text(message.payload.data(), message.payload.size());
        const auto time = format_rfc3339(std::chrono::time_point_cast<Duration>(message.time));
        const std::string_view level = name(message.level);
        const auto append = [&](std::string_view part) { out.append(part.data(), part.data() + part.size()); };
        switch (format_) {
            case LogFormat::json: {
                append("{\"time\":\"");
                append(time);
                append("\",\"level\":\"");
                append(level);
                append("\",\"message\":");
                append(boost::json::serialize(boost::json::string_view(text.data(), text.size())));
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
        format = std::getenv("JOURNAL_STREAM") != nullptr ? LogFormat::journal : LogFormat::text;
    auto logger = std::make_shared<spdlog::logger>("pollhook", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    logger->set_formatter(std::make_unique<LineFormatter>(format));
    logger->set_level(to_spdlog(level));
    logger->flush_on(spdlog::level::trace);
    spdlog::set_default_logger(std::move(logger));
}

}  // namespace pollhook::base
