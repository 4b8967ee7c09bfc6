#include "event_stream.hpp"

#include "admin_connection.hpp"
#include "pollhook/base/text.hpp"

#include <boost/asio/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <thread>
#include <utility>

namespace pollhook::cli {

namespace beast = boost::beast;
using boost::system::error_code;

namespace {

constexpr std::chrono::seconds deadline{30};
/// The daemon says something every 15 seconds.
constexpr std::chrono::seconds longest_silence{45};
constexpr std::chrono::milliseconds reconnect_pause{250};

}  // namespace

void StreamParser::feed(std::string_view bytes)
{
    while (!bytes.empty()) {
        const auto end = bytes.find('\n');
        begun_.append(bytes.substr(0, end));
        if (end == std::string_view::npos)
            return;
        bytes.remove_prefix(end + 1);
        if (begun_.ends_with('\r'))
            begun_.pop_back();
        take_line(std::exchange(begun_, {}));
    }
}

void StreamParser::take_line(std::string_view line)
{
    if (line.empty())
        return end_block();
    const auto colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    std::string_view value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
    if (value.starts_with(' '))
        value.remove_prefix(1);
    if (name == "id")
        id_ = value;
    else if (name == "event")
        type_ = value;
    else if (name == "data")
        data_ = data_ ? *data_ + '\n' + std::string(value) : std::string(value);
}

void StreamParser::end_block()
{
    Block block;
    block.id = std::exchange(id_, {});
    if (data_)
        block.event = StreamEvent{type_.empty() ? "message" : type_, std::move(*data_)};
    type_.clear();
    data_.reset();
    blocks_.push_back(std::move(block));
    skip_to_event();
}

/// Ids that belong to no event count once everything before them has been taken.
void StreamParser::skip_to_event()
{
    while (!blocks_.empty() && !blocks_.front().event) {
        if (!blocks_.front().id.empty())
            last_id_ = std::move(blocks_.front().id);
        blocks_.pop_front();
    }
}

std::optional<StreamEvent> StreamParser::take()
{
    if (blocks_.empty())
        return std::nullopt;
    Block block = std::move(blocks_.front());
    blocks_.pop_front();
    if (!block.id.empty())
        last_id_ = std::move(block.id);
    skip_to_event();
    return std::move(block.event);
}

void StreamParser::cut()
{
    begun_.clear();
    type_.clear();
    id_.clear();
    data_.reset();
}

class EventStream::Impl {
public:
    Impl(AdminAddress address, std::string token, std::string target, Clock::duration patience)
        : connection_(std::move(address), std::move(token)),
          target_(std::move(target)),
          patience_(patience)
    {
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl() { disconnect(); }

    Outcome<void> open()
    {
        if (auto failure = connect())
            return *failure;
        const auto until = Clock::now() + deadline;
        while (events_.last_id().empty() && !events_.has_event()) {
            const error_code ec = read(until);
            if (ec || Clock::now() >= until)
                return unreachable(connection_.address(), "the stream of events does not begin");
        }
        return {};
    }

    Outcome<std::optional<StreamEvent>> next(Clock::time_point until)
    {
        for (;;) {
            if (auto event = events_.take())
                return event;
            if (Clock::now() >= until)
                return std::optional<StreamEvent>();
            if (!connection_.is_open()) {
                if (auto failure = connect()) {
                    if (!may_come_back(*failure))
                        return *failure;
                    std::this_thread::sleep_until(std::min(until, Clock::now() + reconnect_pause));
                }
                continue;
            }
            if (read(std::min(until, heard_at_ + longest_silence)) || is_silent())
                disconnect();
        }
    }

private:
    using Parser = beast::http::response_parser<beast::http::string_body>;

    /// The daemon was there before, and may be restarting or be rid of too many readers soon.
    bool may_come_back(const Failure& failure)
    {
        constexpr int unavailable = 503;
        const bool is_away = failure.status == 0 || failure.status == unavailable;
        if (!was_there_ || !is_away || Clock::now() - heard_at_ > patience_)
            return false;
        if (!std::exchange(warned_, true))
            fmt::print(stderr, "pollhook: warning: {}; trying again\n", failure.message);
        return true;
    }

    std::optional<Failure> connect()
    {
        const error_code ec = ask();
        if (ec) {
            disconnect();
            return unreachable(connection_.address(), explain(ec, deadline));
        }
        const auto& head = parser_->get();
        if (head.result_int() != 200 || head[beast::http::field::content_type] != "text/event-stream") {
            connection_.await(deadline, [this](auto done) {
                beast::http::async_read(connection_.stream(), connection_.buffer(), *parser_, done);
            });
            Failure failure = refusal(static_cast<int>(head.result_int()), parser_->get().body());
            disconnect();
            return failure;
        }
        connection_.stream().expires_never();
        was_there_ = true;
        warned_ = false;
        heard_at_ = Clock::now();
        return std::nullopt;
    }

    error_code ask()
    {
        if (const error_code ec = connection_.open(deadline))
            return ec;
        AdminConnection::Request request = connection_.request(beast::http::verb::get, target_);
        request.set(beast::http::field::accept, "text/event-stream");
        if (!events_.last_id().empty())
            request.set("Last-Event-ID", events_.last_id());
        parser_.emplace();
        parser_->body_limit(boost::none);
        if (const error_code ec = connection_.await(deadline, [&](auto done) {
                beast::http::async_write(connection_.stream(), request, done);
            }))
            return ec;
        return connection_.await(deadline, [this](auto done) {
            beast::http::async_read_header(connection_.stream(), connection_.buffer(), *parser_, done);
        });
    }

    /// Feeds what comes until then; an error: the connection has ended. A read that `until` overtakes goes on
    /// at the next call.
    error_code read(Clock::time_point until)
    {
        if (!is_reading_) {
            is_reading_ = true;
            beast::http::async_read_some(
                connection_.stream(),
                connection_.buffer(),
                *parser_,
                [this](const error_code& ec, std::size_t) {
                    is_reading_ = false;
                    result_ = ec;
                }
            );
        }
        connection_.loop().restart();
        while (is_reading_ && connection_.loop().run_one_until(until) > 0) {
        }
        if (is_reading_)
            return {};
        if (std::string& body = parser_->get().body(); !body.empty()) {
            events_.feed(body);
            body.clear();
            heard_at_ = Clock::now();
        }
        if (!result_ && parser_->is_done())
            return boost::asio::error::eof;
        return result_;
    }

    [[nodiscard]] bool is_silent() const { return Clock::now() - heard_at_ >= longest_silence; }

    void disconnect()
    {
        connection_.close();  // which ends the read under way
        connection_.loop().restart();
        connection_.loop().run();
        events_.cut();
    }

    AdminConnection connection_;
    std::string target_;
    Clock::duration patience_;
    StreamParser events_;
    std::optional<Parser> parser_;
    bool is_reading_ = false;
    error_code result_;
    bool was_there_ = false;
    bool warned_ = false;
    Clock::time_point heard_at_{};
};

EventStream::EventStream(
    AdminAddress address, std::string token, std::string target, Clock::duration patience
)
    : impl_(std::make_unique<Impl>(std::move(address), std::move(token), std::move(target), patience))
{
}

EventStream::~EventStream() = default;

Outcome<void> EventStream::open()
{
    return impl_->open();
}

Outcome<std::optional<StreamEvent>> EventStream::next(Clock::time_point until)
{
    return impl_->next(until);
}

}  // namespace pollhook::cli
