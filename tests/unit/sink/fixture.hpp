#pragma once

#include "pollhook/sink/sink.hpp"
#include "pollhook/task/event.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace pollhook::sink {

inline constexpr std::string_view standard_body =
    R"({"type":"task.progress","timestamp":"2026-11-21T03:18:39.123Z",)"
    R"("data":{"provider":"quickrouter","id":"1743326750223591","upstream":{"status":"IN_PROGRESS"}}})";
inline constexpr std::string_view bare_body = R"({"status":"IN_PROGRESS"})";
inline constexpr std::string_view data_body =
    R"({"provider":"quickrouter","id":"1743326750223591","upstream":{"status":"IN_PROGRESS"}})";

/// 2026-11-21T03:18:39.123Z
inline constexpr base::TimePoint event_time{base::Duration(1795231119123)};

inline Message progress_message()
{
    Message message;
    message.event_id = "evt_0123456789abcdef0123456789abcdef";
    message.type = task::EventType::progress;
    message.event_time = event_time;
    message.provider = "quickrouter";
    message.task_id = "1743326750223591";
    message.sequence = 3;
    message.body = standard_body;
    message.upstream_at = static_cast<std::uint32_t>(standard_body.find(bare_body));
    message.attempt = 2;
    message.now = event_time + std::chrono::seconds(5);
    return message;
}

/// Runs `loop` until `task` has its result, or fails after a generous while.
template <class T>
T run_until_done(boost::asio::io_context& loop, boost::asio::awaitable<T> task)
{
    std::future<T> result = boost::asio::co_spawn(loop, std::move(task), boost::asio::use_future);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    loop.restart();
    while (result.wait_for(std::chrono::seconds(0)) != std::future_status::ready)
        if (loop.run_one_until(deadline) == 0)
            throw std::runtime_error("the operation never completed");
    return result.get();
}

/// A directory of the test's own, removed with all that is in it.
class TemporaryDirectory {
public:
    TemporaryDirectory()
    {
        std::string name = (std::filesystem::temp_directory_path() / "pollhook-sink-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr)
            throw std::runtime_error("no temporary directory");
        path_ = name;
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    ~TemporaryDirectory()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    [[nodiscard]] std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

inline std::string read_file(const std::filesystem::path& path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline void write_file(const std::filesystem::path& path, std::string_view text)
{
    std::ofstream(path, std::ios::binary) << text;
}

}  // namespace pollhook::sink
