#pragma once

#include "pollhook/base/clock.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace pollhook::http {

/// What a look-up gave: addresses in the order the system prefers them, or an error of http_category().
struct LookUp {
    boost::system::error_code error;
    std::string detail;  ///< the system's own words for the error
    std::vector<boost::asio::ip::address> addresses;
};

/// Asks the operating system (hosts file, DNS) with getaddrinfo(3). Blocks; any thread.
LookUp look_up_with_system(const std::string& host);

struct ResolverOptions {
    std::size_t threads = 4;  ///< started one by one when they are needed
    base::Duration keep = std::chrono::seconds(30);
    base::Duration keep_failure = std::chrono::seconds(5);
    std::size_t max_names = 4096;  ///< remembered answers
};

/// Turns host names into addresses on threads of its own, since one slow name would stall every other one on
/// Asio's only look-up thread.
///
/// A literal address is never looked up. A name is asked for once at a time, however many wait for it, and
/// the answer is kept for a short while. A waiter that is cancelled leaves at once; the late answer only
/// feeds the memory. The destructor does not wait for a look-up that hangs in the system: its thread ends
/// whenever it ends and touches nothing of ours. Lives on the loop.
class Resolver {
public:
    using Ask = std::function<LookUp(const std::string& host)>;

    /// `loop` and `clock` must outlive the resolver. `ask` runs on the resolver's threads.
    Resolver(
        boost::asio::io_context& loop,
        base::Clock& clock,
        ResolverOptions options,
        Ask ask = look_up_with_system
    );
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;
    ~Resolver();

    /// Cancelled: gives an answer with Errc::cancelled. The resolver must outlive the operation.
    [[nodiscard]] boost::asio::awaitable<std::shared_ptr<const LookUp>> look_up(std::string host);

private:
    struct Threads;  // shared with the threads, which may outlive the resolver
    struct Waiter;
    struct Entry {
        std::shared_ptr<const LookUp> answer;  ///< null while it is asked for
        base::SteadyPoint expiry;
        std::list<Waiter*> waiting;
    };

    void answered(const std::string& host, LookUp answer);
    void forget_expired();

    boost::asio::io_context& loop_;
    base::Clock& clock_;
    ResolverOptions options_;
    std::unordered_map<std::string, Entry> entries_;
    std::shared_ptr<Threads> threads_;
};

}  // namespace pollhook::http
