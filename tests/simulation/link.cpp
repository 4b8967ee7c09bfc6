#include "link.hpp"

#include "pollhook/http/problem.hpp"
#include "server_request.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pollhook::simulation {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::size_t most_request_bytes = 1024 * 1024;

std::string head_of(const http::ServerResponse& response, bool chunked)
{
    std::string head = fmt::format("HTTP/1.1 {} {}\r\n", response.status, http::reason(response.status));
    if (!response.content_type.empty() && !response.body.empty())
        head += "Content-Type: " + response.content_type + "\r\n";
    for (const auto& [name, value] : response.fields)
        head.append(name).append(": ").append(value).append("\r\n");
    if (response.close)
        head += "Connection: close\r\n";
    if (chunked)
        head += "Transfer-Encoding: chunked\r\n";
    else if (response.status != 204 && response.status != 304)
        head += fmt::format("Content-Length: {}\r\n", response.body.size());
    return head + "\r\n";
}

std::string body_of(const http::ServerResponse& response, bool chunked)
{
    if (!chunked)
        return response.body;
    const std::size_t half = response.body.size() / 2;
    std::string body;
    for (const std::string& part : {response.body.substr(0, half), response.body.substr(half)})
        if (!part.empty())
            body += fmt::format("{:x}\r\n{}\r\n", part.size(), part);
    return body + "0\r\n\r\n";
}

}  // namespace

Link::Link(Ends ends, const Weather& weather, std::uint64_t seed)
    : ends_(std::move(ends)),
      weather_(weather),
      random_(seed),
      reset_up_(drawn(weather.reset_upwards, 3000)),
      reset_down_(drawn(weather.reset_downwards, 600)),
      loss_up_(drawn(weather.loss_upwards, 3000)),
      loss_down_(drawn(weather.loss_downwards, 600))
{
}

std::optional<std::size_t> Link::drawn(double probability, std::int64_t most)
{
    const bool strikes = random_.unit() < probability;
    const auto place = static_cast<std::size_t>(random_.between(0, most));
    return strikes ? std::optional(place) : std::nullopt;
}

base::SteadyPoint Link::arrival(base::SteadyPoint& last)
{
    base::Duration pause(random_.between(weather_.least_latency.count(), weather_.most_latency.count()));
    if (random_.unit() < weather_.delay)
        pause += base::Duration(random_.between(0, 20'000));
    last = std::max(last, ends_.timeline->now() + pause);
    return last;
}

template <class Deliver>
void Link::dispatch(std::string bytes, base::SteadyPoint& last, Deliver deliver)
{
    while (!bytes.empty()) {
        std::size_t count = bytes.size();
        if (count > 1 && random_.unit() < weather_.chop)
            count = static_cast<std::size_t>(random_.between(1, static_cast<std::int64_t>(count) - 1));
        const base::SteadyPoint when = arrival(last);
        ends_.timeline->at(when, [self = shared_from_this(), piece = bytes.substr(0, count), deliver] {
            deliver(*self, piece);
        });
        bytes.erase(0, count);
    }
}

void Link::send(std::string bytes)
{
    if (closed_)
        return;
    if (!request_sent_at_)
        request_sent_at_ = ends_.timeline->now();
    const std::size_t begin = sent_up_;
    sent_up_ += bytes.size();
    if (loss_up_ && *loss_up_ < sent_up_)
        bytes.resize(std::max(*loss_up_, begin) - begin);
    const bool is_reset = reset_up_ && *reset_up_ < sent_up_;
    if (is_reset)
        bytes.resize(std::min(bytes.size(), std::max(*reset_up_, begin) - begin));
    dispatch(std::move(bytes), last_up_, [](Link& link, const std::string& piece) {
        link.arrive_at_server(piece);
    });
    if (is_reset)
        ends_.timeline->at(arrival(last_up_), [self = shared_from_this()] {
            self->server_closed_ = true;
            self->break_off(asio::error::connection_reset);
        });
}

void Link::arrive_at_server(const std::string& bytes)
{
    if (server_closed_) {
        break_off(asio::error::connection_reset);
        return;
    }
    request_bytes_ += bytes;
    const auto room = buffer_.prepare(bytes.size());
    buffer_.commit(asio::buffer_copy(room, asio::buffer(bytes)));
    parse();
}

void Link::parse()
{
    while (buffer_.size() > 0) {
        if (!parser_) {
            parser_.emplace();
            parser_->eager(true);
            parser_->body_limit(most_request_bytes);
        }
        error_code ec;
        buffer_.consume(parser_->put(buffer_.data(), ec));
        if (ec == boost::beast::http::error::need_more)
            return;
        if (ec) {
            server_closed_ = true;
            end_downwards();
            return;
        }
        if (!parser_->is_done())
            return;
        auto message = parser_->release();
        parser_.reset();
        http::ServerRequest request;
        (void)http::read_message(message, request);
        const std::string bytes = std::exchange(request_bytes_, {});
        answer(request, bytes);
    }
}

void Link::answer(const http::ServerRequest& request, std::string_view bytes)
{
    const base::SteadyPoint sent_at = request_sent_at_.value_or(ends_.timeline->now());
    request_sent_at_.reset();
    ++unanswered_;
    const Call call{
        .request = request,
        .address = ends_.address,
        .host = ends_.host_name,
        .bytes = bytes,
        .boot = ends_.boot,
        .is_first = requests_++ == 0,
        .sent_at = sent_at,
    };
    Reply reply = ends_.host->serve(call);
    const base::Duration pause = reply.pause;
    ends_.timeline->after(pause, [self = shared_from_this(), reply = std::move(reply)] {
        self->send_answer(reply);
    });
}

void Link::send_answer(const Reply& reply)
{
    if (server_closed_ || closed_)
        return;
    http::ServerResponse response = reply.response;
    if (response.disruption == http::Disruption::hang)
        return;
    if (response.disruption == http::Disruption::reset) {
        server_closed_ = true;
        const base::SteadyPoint when = arrival(last_down_);
        ends_.timeline->at(when, [self = shared_from_this()] {
            self->break_off(asio::error::connection_reset);
        });
        return;
    }
    const bool chunked = response.status != 204 && response.status != 304 && random_.unit() < 0.2;
    const std::string head = head_of(response, chunked);
    std::string bytes = head + body_of(response, chunked);
    const bool is_cut = response.disruption == http::Disruption::close_midway;
    if (is_cut)
        bytes.resize(head.size() + (bytes.size() - head.size()) / 2);

    const std::size_t begin = sent_down_;
    const std::size_t head_end = begin + head.size();
    sent_down_ += bytes.size();
    if (loss_down_ && *loss_down_ < sent_down_)
        bytes.resize(std::max(*loss_down_, begin) - begin);
    const bool is_reset = reset_down_ && *reset_down_ < sent_down_;
    if (is_reset)
        bytes.resize(std::min(bytes.size(), std::max(*reset_down_, begin) - begin));
    heads_.push_back({.end = head_end, .arrived = reply.on_head_arrived});
    dispatch(std::move(bytes), last_down_, [](Link& link, const std::string& piece) {
        link.arrive_at_process(piece);
    });
    ends_.timeline->at(last_down_, [self = shared_from_this()] { --self->unanswered_; });
    if (is_reset)
        ends_.timeline->at(arrival(last_down_), [self = shared_from_this()] {
            self->server_closed_ = true;
            self->break_off(asio::error::connection_reset);
        });
    else if (is_cut || response.close)
        end_downwards();
    else if (random_.unit() < weather_.idle_close)
        close_when_idle();
}

void Link::arrive_at_process(const std::string& bytes)
{
    if (closed_ || failure_)
        return;
    inbox_ += bytes;
    arrived_down_ += bytes.size();
    for (; !heads_.empty() && heads_.front().end <= arrived_down_; heads_.pop_front())
        if (heads_.front().arrived)
            heads_.front().arrived();
    if (reader_ != nullptr)
        reader_->wake();
}

void Link::end_downwards()
{
    server_closed_ = true;
    ends_.timeline->at(arrival(last_down_), [self = shared_from_this()] {
        self->ended_ = true;
        if (self->reader_ != nullptr)
            self->reader_->wake();
    });
}

/// A server that ends a connection it has not heard of for a while, perhaps just as a request is on its way.
void Link::close_when_idle()
{
    const std::size_t answers = ++answers_;
    const base::Duration patience(random_.between(0, 30'000));
    ends_.timeline->after(patience, [self = shared_from_this(), answers] {
        if (self->answers_ == answers && self->unanswered_ == 0 && !self->closed_)
            self->end_downwards();
    });
}

void Link::break_off(const error_code& why)
{
    if (closed_ || failure_)
        return;
    failure_ = why;
    if (reader_ != nullptr)
        reader_->wake();
}

void Link::close()
{
    closed_ = true;
}

void Link::kill()
{
    break_off(asio::error::connection_reset);
    closed_ = true;
}

}  // namespace pollhook::simulation
