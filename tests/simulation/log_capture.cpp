#include "log_capture.hpp"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace pollhook::simulation {
namespace {

class SearchingSink final : public spdlog::sinks::base_sink<std::mutex> {
public:
    SearchingSink(const Canaries& canaries, Violations& violations, const Trace& trace)
        : canaries_(canaries),
          violations_(violations),
          trace_(trace)
    {
    }

private:
    void sink_it_(const spdlog::details::log_msg& message) override
    {
        const std::string_view text(message.payload.data(), message.payload.size());
        if (const std::string leak = canaries_.leak_in(text, "the log"); !leak.empty())
            violations_.add("I12", "the log shows " + leak);
        trace_.remark(text);
    }
    void flush_() override {}

    const Canaries& canaries_;
    Violations& violations_;
    const Trace& trace_;
};

}  // namespace

void LogCapture::start(const Canaries& canaries, Violations& violations, const Trace& trace)
{
    auto sink = std::make_shared<SearchingSink>(canaries, violations, trace);
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("simulation", std::move(sink)));
    spdlog::set_level(trace.is_printed() ? spdlog::level::debug : spdlog::level::info);
}

void LogCapture::stop()
{
    spdlog::default_logger()->sinks().clear();
}

void LogCapture::pause()
{
    spdlog::default_logger()->set_level(spdlog::level::off);
}

void LogCapture::resume()
{
    spdlog::default_logger()->set_level(spdlog::get_level());
}

}  // namespace pollhook::simulation
