#pragma once

#include "pollhook/base/clock.hpp"
#include "pollhook/http/server.hpp"
#include "pollhook/simulator/task_life.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pollhook::simulator {

/// Which one header the midjourney-proxy dialect wants its key in. OhMyGPT always takes `Authorization:
/// Bearer KEY`.
enum class RelayAuth : std::uint8_t { bearer, raw, mj_api_secret };

/// `bearer`, `raw` or `mj-api-secret`, as in the configuration.
std::optional<RelayAuth> parse_relay_auth(std::string_view name);

/// How `/fetch` answers for an id that it does not know; servers differ.
enum class UnknownTask : std::uint8_t { error_400, empty_200, no_content_204 };

/// What `data` is in an answer of query-mj-tasks; OhMyGPT's schema and its example disagree.
enum class PageShape : std::uint8_t { total_and_tasks, bare_array, first_task_only };

struct RelayOptions {
    std::vector<std::string> listen = {"127.0.0.1:0"};
    std::string api_key;  ///< empty: everybody may ask
    RelayAuth auth = RelayAuth::bearer;
    std::uint64_t seed = 1;
    double speed = 1.0;               ///< simulated seconds in a real one; more than 0
    std::vector<std::string> faults;  ///< as Faults::parse() reads them
    std::size_t batch_limit = 0;      ///< ids that one list-by-condition may ask for; 0: any number
    int batch_refusal = 413;          ///< the status of a larger one
    UnknownTask unknown_task = UnknownTask::error_400;
    PageShape page_shape = PageShape::total_and_tasks;
    bool leak_internals = true;  ///< show userId, clientIp, properties.notifyHook, … as some servers do
    LifeOdds odds;
    std::vector<std::pair<std::string, TaskLife>> tasks;  ///< there from the start, by id
    std::size_t initial_tasks = 0;                        ///< random ones, there from the start
    double tasks_per_minute = 0.0;    ///< random ones that are submitted while it runs (real minutes)
    std::size_t max_tasks = 100'000;  ///< the oldest are forgotten beyond that
    std::size_t max_connections = 1024;
    /// Called for every task that comes to be but those added by add_task(): so that somebody can watch it.
    std::function<void(std::string_view id)> on_created;
};

/// How often each endpoint was asked, faults included.
struct RelayCounters {
    std::size_t list = 0;    ///< POST /mj/task/list-by-condition
    std::size_t fetch = 0;   ///< GET /mj/task/{id}/fetch
    std::size_t query = 0;   ///< POST …/mj/query
    std::size_t pages = 0;   ///< POST …/mj/query-mj-tasks
    std::size_t submit = 0;  ///< POST /mj/submit/imagine
    std::size_t other = 0;
    std::size_t ids = 0;  ///< asked for by list, fetch and query
    std::size_t largest_batch = 0;
    std::size_t unauthorized = 0;
    std::size_t faults = 0;  ///< answers that a fault replaced

    [[nodiscard]] std::size_t requests() const noexcept
    {
        return list + fetch + query + pages + submit + other;
    }
};

/// A relay of one's own: the documented endpoints of midjourney-proxy and OhMyGPT, with tasks that live and
/// faults that strike.
///
/// Both dialects show the same tasks. Lives are computed when somebody looks, so ten thousand waiting tasks
/// cost nothing. Belongs to its loop: call it there, or before the loop runs.
class Relay {
public:
    /// Throws std::invalid_argument for a bad fault. `loop` and `clock` must outlive it.
    Relay(boost::asio::io_context& loop, base::Clock& clock, RelayOptions options);
    Relay(const Relay&) = delete;
    Relay& operator=(const Relay&) = delete;
    ~Relay();

    /// Binds; throws std::system_error naming the address.
    void open();
    [[nodiscard]] boost::asio::ip::tcp::endpoint endpoint() const;
    /// `http://127.0.0.1:PORT`, for a provider's base_url.
    [[nodiscard]] std::string base_url() const;
    /// Serves, and submits tasks of its own, until cancelled or stopped.
    [[nodiscard]] boost::asio::awaitable<void> run();
    [[nodiscard]] boost::asio::awaitable<void> stop(base::Duration grace);

    /// A task with the given life from now on; replaces one of that id.
    void add_task(std::string_view id, TaskLife life);
    /// A new random task; its id.
    std::string add_random_task();
    /// Sets fields of the answered object from now on, in both dialects; the task is created when there is
    /// none.
    void set_task(std::string_view id, const boost::json::object& fields);
    /// Answers exactly `item` for that id, be it an object or not.
    void fix_task(std::string_view id, boost::json::value item);
    void remove_task(std::string_view id);
    /// Every list-by-condition that asks for `id` fails with 500, as if it broke the relay's query.
    void poison(std::string_view id);
    /// The status word that a reader would see now; empty when there is no such task.
    [[nodiscard]] std::optional<std::string> status_of(std::string_view id) const;
    [[nodiscard]] std::vector<std::string> ids() const;

    /// Replaces the faults; throws as the constructor does.
    void set_faults(const std::vector<std::string>& specs);

    [[nodiscard]] const RelayCounters& counters() const noexcept;
    [[nodiscard]] const http::ServerRequest& last_request() const noexcept;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace pollhook::simulator
