#include "pollhook/provider/midjourney_proxy.hpp"

#include "pollhook/provider/envelope.hpp"
#include "pollhook/provider/gathering.hpp"
#include "pollhook/provider/json_text.hpp"
#include "pollhook/provider/snapshot.hpp"

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace pollhook::provider {

namespace asio = boost::asio;

namespace {

using Ids = std::span<const std::string>;

constexpr std::string_view list_path = "/mj/task/list-by-condition";

/// Ids are visible ASCII without quotes and backslashes (task::is_valid_id), so they need no escapes.
std::string list_request(Ids ids)
{
    std::string body = R"({"ids":[)";
    for (const std::string& id : ids) {
        body += '"';
        body += id;
        body += "\",";
    }
    body.back() = ']';
    body += '}';
    return body;
}

/// Whether a smaller batch may fare better.
bool is_divisible(const Posted& posted)
{
    if (posted.status == 400 || posted.status == 413 || posted.status == 422)
        return true;
    return posted.status >= 500 && posted.status != 503 && !posted.failure->retry_after;
}

bool has_member(std::string_view object, std::string_view name)
{
    MemberScanner member(object);
    while (member.next())
        if (member.name() == name)
            return true;
    return false;
}

/// One look: what was learnt so far, and how many requests it may still cost.
class Look {
public:
    /// All must outlive it.
    Look(const MidjourneyProxy& provider, Account& account, Ids ids, LookResult& result)
        : account_(account),
          ids_(ids),
          batch_size_(std::max<std::size_t>(provider.batch_size(), 1)),
          result_(result),
          gathering_(midjourney_proxy_items, result.answer, ids),
          most_requests_((ids.size() + batch_size_ - 1) / batch_size_ + ids.size() / 4)
    {
        for (std::size_t size = ids.size(); size > 0; size /= 2)
            most_requests_ += 2;
    }

    asio::awaitable<void> run()
    {
        Ids rest = ids_;
        while (!rest.empty() && !stopped_) {
            const Ids batch = rest.first(std::min(batch_size_, rest.size()));
            rest = rest.subspan(batch.size());
            const Reply reply = co_await ask(batch);
            if (reply == Reply::refused)
                co_await divide(batch);
        }
    }

private:
    enum class Reply : std::uint8_t {
        accepted,
        refused,  ///< a smaller batch may fare better; refusal_ says how
        failed,   ///< noted, and the look is over
    };

    asio::awaitable<Reply> ask(Ids batch)
    {
        if (result_.answer.requests >= most_requests_) {
            stop(*refusal_);
            co_return Reply::failed;
        }
        std::string path(list_path);
        std::string body = list_request(batch);
        const Posted posted = co_await account_.post(std::move(path), std::move(body), result_.answer);
        if (!posted.failure) {
            accepted_ = true;
            read(posted.body, batch);
            co_return stopped_ ? Reply::failed : Reply::accepted;
        }
        if (!is_divisible(posted)) {
            stop(*posted.failure);
            co_return Reply::failed;
        }
        refusal_ = posted.failure;
        co_return Reply::refused;
    }

    /// Asks for the halves of a batch that was refused.
    asio::awaitable<void> divide(Ids batch)
    {
        if (batch.size() == 1) {
            note_alone(batch.front());
            co_return;
        }
        const Ids left = batch.first(batch.size() / 2);
        const Ids right = batch.subspan(left.size());
        const Reply left_reply = co_await ask(left);
        if (left_reply == Reply::failed)
            co_return;
        const Reply right_reply = co_await ask(right);
        if (right_reply == Reply::failed)
            co_return;
        if (left_reply == Reply::refused && right_reply == Reply::refused) {
            // It is not the ids: the relay is ill, or wants none of them.
            const bool hopeless = batch.size() == 2 && !accepted_;
            if (hopeless || refusal_->kind == Errc::unavailable) {
                stop(*refusal_);
                co_return;
            }
        }
        if (left_reply == Reply::refused)
            co_await divide(left);
        if (right_reply == Reply::refused && !stopped_)
            co_await divide(right);
    }

    /// The id that spoils every batch it is in. The relay itself is well when it answers others.
    void note_alone(const std::string& id)
    {
        LookFailure failure = *refusal_;
        failure.detail = fmt::format("task {}: {}", id, failure.detail);
        if (accepted_)
            failure.kind = Errc::refused;
        note(std::move(failure));
    }

    void read(std::string_view body, Ids batch)
    {
        if (body.starts_with('{') && !is_task(body))
            return;
        if (body.empty()) {
            stop(account_.malformed("an empty answer"));
            return;
        }
        if (!body.starts_with('[') && !body.starts_with('{')) {
            stop(account_.malformed("not JSON, is base_url right?"));
            return;
        }
        const ItemsRead found = gathering_.read(body);
        if (!found.whole) {
            stop(account_.malformed("the list of tasks is cut off or broken"));
            return;
        }
        // An item that nobody can name may be any of those that are not there.
        if (found.nameless == 0)
            for (const std::string& id : batch)
                if (!gathering_.has_seen(id) && !gathering_.is_spoiled(id))
                    result_.answer.missing.push_back(id);
        if (found.items == 0 && batch.size() > 1) {
            LookFailure failure;
            failure.kind = Errc::suspicious_empty;
            failure.detail = fmt::format("an empty list for {} tasks", batch.size());
            // Before any other trouble, since it says how far to believe what is missing.
            result_.failure = std::move(failure);
        }
    }

    /// False, and noted, for an object that is an error.
    bool is_task(std::string_view body)
    {
        const Envelope envelope = read_envelope(body);
        if (envelope.success.value_or(true) && has_member(body, midjourney_proxy_items.id_name))
            return true;
        const bool is_status = envelope.code && *envelope.code >= 400 && *envelope.code <= 599;
        if (is_status)
            stop(*account_.judge("code", static_cast<int>(*envelope.code), envelope.message));
        else
            stop(account_.malformed("an error instead of a list", envelope.message));
        return false;
    }

    void note(LookFailure failure)
    {
        if (!result_.failure)
            result_.failure = std::move(failure);
    }
    void stop(LookFailure failure)
    {
        stopped_ = true;
        // What ends the look tells more about the relay than a single task's trouble.
        result_.failure = std::move(failure);
    }

    Account& account_;
    Ids ids_;
    std::size_t batch_size_;
    LookResult& result_;
    Gathering gathering_;
    std::size_t most_requests_ = 0;
    std::optional<LookFailure> refusal_;  // the last one
    bool accepted_ = false;
    bool stopped_ = false;
};

}  // namespace

MidjourneyProxy::MidjourneyProxy(const config::Provider& provider, base::Clock& clock, http::Client& client)
    : account_(provider, provider.auth, "application/json", clock, client),
      batch_size_(provider.batch_size)
{
}

asio::awaitable<LookResult> MidjourneyProxy::look(Ids ids)
{
    // A cancelled request is a failure like others: what came before it is not thrown away.
    const bool throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    LookResult result;
    Look look(*this, account_, ids, result);
    co_await look.run();
    co_await asio::this_coro::throw_if_cancelled(throws);
    co_return result;
}

base::Result<task::Snapshot> MidjourneyProxy::snapshot(std::string_view raw) const
{
    return read_midjourney_proxy_snapshot(raw);
}

}  // namespace pollhook::provider
