#include "pollhook/http/resolver.hpp"

#include "pollhook/http/error.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

namespace pollhook::http {
namespace {

namespace asio = boost::asio;

std::shared_ptr<const LookUp> failed(Errc error)
{
    auto answer = std::make_shared<LookUp>();
    answer->error = error;
    answer->detail = answer->error.message();
    return answer;
}

asio::ip::address to_address(const sockaddr& raw)
{
    if (raw.sa_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, &raw, sizeof v4);
        return asio::ip::address_v4(ntohl(v4.sin_addr.s_addr));
    }
    sockaddr_in6 v6{};
    std::memcpy(&v6, &raw, sizeof v6);
    asio::ip::address_v6::bytes_type bytes{};
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return asio::ip::address_v6(bytes, v6.sin6_scope_id);
}

}  // namespace

LookUp look_up_with_system(const std::string& host)
{
    LookUp result;
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* first = nullptr;
    const int status = ::getaddrinfo(host.c_str(), nullptr, &hints, &first);
    if (status != 0) {
        const bool unknown = status == EAI_NONAME || status == EAI_NODATA;
        result.error = unknown ? Errc::name_not_found : Errc::look_up_failed;
        result.detail = ::gai_strerror(status);
        return result;
    }
    for (const addrinfo* item = first; item != nullptr; item = item->ai_next) {
        if (item->ai_addr != nullptr && (item->ai_family == AF_INET || item->ai_family == AF_INET6))
            result.addresses.push_back(to_address(*item->ai_addr));
    }
    ::freeaddrinfo(first);
    if (result.addresses.empty()) {
        result.error = Errc::name_not_found;
        result.detail = "the name has no address";
    }
    return result;
}

/// The queue and what its threads need; no thread touches the resolver or the loop once `owner` is null.
struct Resolver::Threads : std::enable_shared_from_this<Threads> {
    Threads(Resolver& resolver, Ask question, std::size_t limit)
        : ask(std::move(question)),
          max_threads(limit),
          owner(&resolver)
    {
    }

    void submit(const std::string& host)
    {
        const std::lock_guard lock(mutex);
        queue.push_back(host);
        if (idle >= queue.size() || running >= max_threads) {
            ready.notify_one();
            return;
        }
        ++running;
        std::thread([self = shared_from_this()] { self->work(); }).detach();
    }

    void stop()
    {
        const std::lock_guard lock(mutex);
        owner = nullptr;
        queue.clear();
        ready.notify_all();
    }

    void work()
    {
        std::unique_lock lock(mutex);
        while (true) {
            ++idle;
            ready.wait(lock, [this] { return owner == nullptr || !queue.empty(); });
            --idle;
            if (owner == nullptr)
                return;
            std::string host = std::move(queue.front());
            queue.pop_front();
            lock.unlock();
            LookUp answer = answer_for(host);
            lock.lock();
            if (owner == nullptr)
                return;
            // The mutex is held, so the resolver, and with it the loop, is still there.
            asio::post(
                owner->loop_,
                [self = shared_from_this(), host = std::move(host), answer = std::move(answer)]() mutable {
                    if (self->owner != nullptr)  // written on this thread only
                        self->owner->answered(host, std::move(answer));
                }
            );
        }
    }

    LookUp answer_for(const std::string& host) const
    {
        try {
            return ask(host);
        } catch (const std::exception& failure) {
            LookUp answer;
            answer.error = Errc::look_up_failed;
            answer.detail = failure.what();
            return answer;
        }
    }

    const Ask ask;
    const std::size_t max_threads;
    std::mutex mutex;
    std::condition_variable ready;
    std::deque<std::string> queue;
    std::size_t running = 0;
    std::size_t idle = 0;
    Resolver* owner;
};

/// One coroutine that waits for a name; leaves the list whichever way it ends.
struct Resolver::Waiter {
    Waiter(Resolver& resolver, Entry& entry)
        : gate(resolver.loop_, asio::steady_timer::time_point::max()),
          list(entry.waiting),
          place(list.insert(list.end(), this))
    {
    }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter() { list.erase(place); }

    asio::steady_timer gate;
    std::shared_ptr<const LookUp> answer;
    std::list<Waiter*>& list;
    std::list<Waiter*>::iterator place;
};

Resolver::Resolver(asio::io_context& loop, base::Clock& clock, ResolverOptions options, Ask ask)
    : loop_(loop),
      clock_(clock),
      options_(options),
      threads_(std::make_shared<Threads>(*this, std::move(ask), options.threads))
{
}

Resolver::~Resolver()
{
    threads_->stop();
}

asio::awaitable<std::shared_ptr<const LookUp>> Resolver::look_up(std::string host)
{
    boost::system::error_code ec;
    const asio::ip::address literal = asio::ip::make_address(host, ec);
    if (!ec) {
        auto answer = std::make_shared<LookUp>();
        answer->addresses.push_back(literal);
        co_return answer;
    }

    auto found = entries_.find(host);
    if (found != entries_.end() && found->second.answer && found->second.expiry > clock_.steady_now())
        co_return found->second.answer;
    if (found == entries_.end() || found->second.answer) {
        if (entries_.size() >= options_.max_names)
            forget_expired();
        if (entries_.size() >= options_.max_names)
            co_return failed(Errc::look_up_failed);
        found = entries_.try_emplace(host).first;
        found->second.answer = nullptr;
        threads_->submit(host);
    }

    // An entry stays where it is while somebody waits for it: only answered entries are forgotten, by nobody
    // but us.
    Waiter waiter(*this, found->second);
    co_await waiter.gate.async_wait(asio::redirect_error(asio::use_awaitable, ec));
    if (!waiter.answer)
        waiter.answer = failed(Errc::cancelled);
    co_return std::move(waiter.answer);
}

void Resolver::answered(const std::string& host, LookUp answer)
{
    const auto found = entries_.find(host);
    if (found == entries_.end())
        return;
    Entry& entry = found->second;
    entry.expiry = clock_.steady_now() + (answer.error ? options_.keep_failure : options_.keep);
    entry.answer = std::make_shared<const LookUp>(std::move(answer));
    for (Waiter* waiter : entry.waiting) {
        waiter->answer = entry.answer;
        waiter->gate.cancel();
    }
}

void Resolver::forget_expired()
{
    const base::SteadyPoint now = clock_.steady_now();
    std::erase_if(entries_, [now](const auto& item) {
        const Entry& entry = item.second;
        return entry.answer && entry.waiting.empty() && entry.expiry <= now;
    });
}

}  // namespace pollhook::http
