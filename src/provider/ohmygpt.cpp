#include "pollhook/provider/ohmygpt.hpp"

#include "pollhook/provider/ohmygpt_answer.hpp"
#include "pollhook/provider/snapshot.hpp"

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace pollhook::provider {

namespace asio = boost::asio;

namespace {

using Ids = std::span<const std::string>;

constexpr std::size_t most_pages = 10;           // of one look
constexpr std::size_t most_discovery_pages = 3;  // of one walk
constexpr std::size_t most_remembered = 1000;    // tasks that discover() saw
constexpr std::size_t most_refusals = 3;         // one after the other, before the rest is not asked for

std::string form_encoded(std::string_view text)
{
    std::string encoded;
    for (const char c : text) {
        const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           c == '-' || c == '_' || c == '.';
        if (plain)
            encoded += c;
        else
            encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return encoded;
}

/// What one page of the feed showed.
struct Page {
    std::span<const task::Observation> news;  ///< tasks that no page of this walk had shown before
    std::size_t items = 0;
    std::optional<LookFailure> failure;
};

/// Asks for pages and single tasks and puts the answers together.
class Walk {
public:
    /// `account` and `result` must outlive it.
    Walk(Account& account, std::size_t page_size, LookResult& result)
        : account_(account),
          page_size_(page_size),
          answer_(result.answer),
          gathering_(ohmygpt_items, result.answer)
    {
    }

    asio::awaitable<Page> page(std::size_t number)
    {
        const std::size_t before = answer_.observations.size();
        std::string path =
            fmt::format("/api/v1/ai/draw/mj/query-mj-tasks?page={}&pageSize={}", number, page_size_);
        std::string body = "model=midjourney";
        const Posted posted = co_await account_.post(std::move(path), std::move(body), answer_);
        OhMyGptAnswer read = read_ohmygpt_answer(posted, account_, gathering_);
        Page page;
        page.news = std::span<const task::Observation>(answer_.observations).subspan(before);
        page.items = read.items.items;
        page.failure = std::move(read.failure);
        co_return page;
    }

    /// `id` must outlive the operation. Empty when the relay answered.
    asio::awaitable<std::optional<LookFailure>> single(const std::string& id)
    {
        std::string path = "/api/v1/ai/draw/mj/query";
        std::string body = "model=midjourney&taskId=" + form_encoded(id);
        const Posted posted = co_await account_.post(std::move(path), std::move(body), answer_);
        OhMyGptAnswer read = read_ohmygpt_answer(posted, account_, gathering_);
        const bool was_shown = gathering_.has_seen(id) || gathering_.is_spoiled(id);
        if (!was_shown && !read.failure) {
            answer_.foreign += read.items.readable;
            if (read.items.nameless == 0)
                answer_.missing.push_back(id);
        }
        co_return std::move(read.failure);
    }

    [[nodiscard]] bool has_seen(std::string_view id) const { return gathering_.has_seen(id); }

private:
    Account& account_;
    std::size_t page_size_;
    Answer& answer_;
    Gathering gathering_;
};

/// Where the feed goes on after `page`; empty when its ids do not tell.
std::optional<FeedPosition> position_after(const Page& page)
{
    std::vector<std::uint64_t> numbers;
    for (const task::Observation& seen : page.news)
        if (const auto number = number_of_id(seen.id))
            numbers.push_back(*number);
    if (numbers.size() < 2)
        return std::nullopt;
    const auto [lowest, highest] = std::ranges::minmax(numbers);
    const double gap = static_cast<double>(highest - lowest) / static_cast<double>(numbers.size() - 1);
    return FeedPosition{.top = lowest, .gap = std::max(gap, 1.0)};
}

/// The ids that are still to be found, as far as they may be on pages whose highest id is `highest`. Those
/// that are no numbers count as the oldest.
std::vector<std::uint64_t> ids_ahead(Ids ids, const Walk& walk, std::uint64_t highest)
{
    std::vector<std::uint64_t> ahead;
    for (const std::string& id : ids) {
        const std::uint64_t number = number_of_id(id).value_or(0);
        if (number <= highest && !walk.has_seen(id))
            ahead.push_back(number);
    }
    return ahead;
}

/// Failures of one request that say nothing about the next one.
bool is_passable(const LookFailure& failure)
{
    return failure.kind == Errc::refused || failure.kind == Errc::malformed_answer;
}

/// Asks for whatever `walk` has not seen. All must outlive the operation.
asio::awaitable<void> ask_one_by_one(Walk& walk, Ids ids, LookResult& result)
{
    std::size_t refusals = 0;
    for (const std::string& id : ids) {
        if (walk.has_seen(id))
            continue;
        std::optional<LookFailure> failure = co_await walk.single(id);
        if (!failure) {
            refusals = 0;
            continue;
        }
        const bool goes_on = is_passable(*failure) && ++refusals < most_refusals;
        if (!goes_on || !result.failure)
            result.failure = std::move(failure);
        if (!goes_on)
            co_return;
    }
}

/// An answer to a look holds what was asked for and nothing else.
void keep_only(Ids ids, std::vector<task::Observation>& observations)
{
    const std::unordered_set<std::string_view> asked(ids.begin(), ids.end());
    std::erase_if(observations, [&](const task::Observation& seen) { return !asked.contains(seen.id); });
}

/// Goes through the pages as long as they are worth it; `feed` is where the newest page begins, learnt anew.
/// A failure that ends the look is in `result`. All must outlive the operation.
asio::awaitable<void> walk_pages(
    Walk& walk, Ids ids, std::size_t page_size, std::optional<FeedPosition>& feed, LookResult& result
)
{
    std::optional<FeedPosition> position = feed;
    // Tasks that came since the last look are on the newest page too.
    std::vector<std::uint64_t> ahead = ids_ahead(ids, walk, std::numeric_limits<std::uint64_t>::max());
    for (std::size_t number = 1; number <= most_pages; ++number) {
        if (choose_pages(ahead, position, page_size, most_pages + 1 - number) == 0)
            co_return;
        Page page = co_await walk.page(number);
        if (page.failure) {
            if (!is_passable(*page.failure))
                result.failure = std::move(page.failure);
            co_return;
        }
        position = position_after(page);
        if (number == 1 && position) {
            feed = position;
            feed->top = 0;
            for (const task::Observation& seen : page.news)
                feed->top = std::max(feed->top, number_of_id(seen.id).value_or(0));
        }
        if (!position || page.items < page_size)
            co_return;
        ahead = ids_ahead(ids, walk, position->top);
    }
}

}  // namespace

OhMyGpt::OhMyGpt(const config::Provider& provider, base::Clock& clock, http::Client& client)
    : account_(provider, config::Auth::bearer, "application/x-www-form-urlencoded", clock, client),
      page_size_(std::clamp<std::size_t>(provider.page_size, 5, 20)),
      discovers_(provider.discover)
{
}

asio::awaitable<LookResult> OhMyGpt::look(Ids ids)
{
    // A cancelled request is a failure like others: what came before it is not thrown away.
    const bool throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    LookResult result;
    Walk walk(account_, page_size_, result);
    co_await walk_pages(walk, ids, page_size_, feed_, result);
    if (!result.failure)
        co_await ask_one_by_one(walk, ids, result);
    keep_only(ids, result.answer.observations);
    co_await asio::this_coro::throw_if_cancelled(throws);
    co_return result;
}

asio::awaitable<LookResult> OhMyGpt::discover()
{
    const bool throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    LookResult result;
    Walk walk(account_, page_size_, result);
    for (std::size_t number = 1; number <= most_discovery_pages; ++number) {
        Page page = co_await walk.page(number);
        const bool has_news = std::ranges::any_of(page.news, [this](const task::Observation& seen) {
            return !discovered_.contains(std::string(seen.id));
        });
        const bool is_last = !has_news || page.items < page_size_;
        result.failure = std::move(page.failure);
        if (result.failure || is_last)
            break;
    }
    // After a failure the older pages are still news.
    if (!result.failure) {
        if (discovered_.size() > most_remembered)
            discovered_.clear();
        for (const task::Observation& seen : result.answer.observations)
            discovered_.emplace(seen.id);
    }
    co_await asio::this_coro::throw_if_cancelled(throws);
    co_return result;
}

base::Result<task::Snapshot> OhMyGpt::snapshot(std::string_view raw) const
{
    return read_ohmygpt_snapshot(raw);
}

}  // namespace pollhook::provider
