#pragma once

#include "fault_answer.hpp"
#include "pollhook/base/clock.hpp"
#include "pollhook/base/random.hpp"
#include "pollhook/http/server.hpp"
#include "pollhook/simulator/faults.hpp"
#include "pollhook/simulator/relay.hpp"
#include "task_book.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace pollhook::simulator {

/// The relay's endpoints: a request in, an answer out, with the faults between.
class RelayRoutes {
public:
    using Submit = std::function<std::string(TaskLife)>;

    /// All of them outlive the routes.
    RelayRoutes(base::Clock& clock, const RelayOptions& options, TaskBook& book, base::Random& random)
        : clock_(clock),
          options_(options),
          book_(book),
          random_(random)
    {
    }

    /// `request` lives until this completes.
    boost::asio::awaitable<http::ServerResponse> respond(const http::ServerRequest& request);

    void on_submit(Submit submit) { submit_ = std::move(submit); }
    void set_faults(const std::vector<std::string>& specs);
    void poison(std::string_view id) { poisoned_.emplace(id); }

    [[nodiscard]] const RelayCounters& counters() const noexcept { return counters_; }
    [[nodiscard]] const http::ServerRequest& last_request() const noexcept { return last_request_; }

private:
    http::ServerResponse route(const http::ServerRequest& request);
    http::ServerResponse list(const http::ServerRequest& request);
    http::ServerResponse fetch(std::string_view id);
    http::ServerResponse submit(const http::ServerRequest& request);
    http::ServerResponse query(const http::ServerRequest& request);
    http::ServerResponse page(const http::ServerRequest& request);

    [[nodiscard]] bool is_authorized(const http::ServerRequest& request, Dialect dialect) const;
    TaskMoment moment(const SimulatedTask& task);
    boost::json::value view(const SimulatedTask& task, const TaskMoment& moment, Dialect dialect);
    /// The tasks as items, bent by the faults that concern items.
    boost::json::array items(const std::vector<const SimulatedTask*>& tasks, Dialect dialect);
    void shuffle(boost::json::array& items);

    base::Clock& clock_;
    const RelayOptions& options_;
    TaskBook& book_;
    base::Random& random_;
    Faults faults_;
    Submit submit_;
    std::set<std::string, std::less<>> poisoned_;
    RelayCounters counters_;
    http::ServerRequest last_request_;
};

}  // namespace pollhook::simulator
