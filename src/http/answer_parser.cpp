#include "pollhook/http/answer_parser.hpp"

#include "last_chunk.hpp"
#include "pollhook/base/excerpt.hpp"
#include "pollhook/base/text.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <utility>

namespace pollhook::http {
namespace {

namespace beast_http = boost::beast::http;

constexpr std::uint32_t max_head = 16 * 1024;
constexpr std::uint64_t max_reserve = 1024 * 1024;
constexpr std::size_t max_kept_fields = 16;
constexpr std::size_t max_kept_value = 1024;

/// Chunks of one byte cost five more on the wire; whoever sends far more framing than that wants to keep us
/// busy.
constexpr std::uint64_t max_framing = 256 * 1024;
constexpr std::uint64_t max_framing_per_byte = 8;

/// Whether `bytes` can be, or become, the first ones of an answer. Beast would wait for a whole line of what
/// another protocol sent.
bool may_be_http(std::string_view bytes) noexcept
{
    constexpr std::string_view version = "HTTP/1.";
    const std::size_t known = std::min(bytes.size(), version.size());
    return bytes.substr(0, known) == version.substr(0, known);
}

std::string_view to_std(boost::beast::string_view text)
{
    return {text.data(), text.size()};
}

}  // namespace

AnswerParser::AnswerParser(const Request& request, Response& response)
    : request_(request),
      response_(response)
{
    eager(true);
    header_limit(max_head);
    body_limit(boost::none);  // the limit is ours: what it means differs between relays and receivers
    if (request.method == "HEAD" || request.method == "CONNECT")
        skip(true);
}

AnswerParser::State AnswerParser::feed(std::string_view bytes, std::size_t& used)
{
    used = 0;
    if (wire_bytes_ == 0 && !may_be_http(bytes)) {
        detail_ = "the answer is not HTTP/1";
        return State::malformed;
    }
    if (has_head_ && chunked() && bytes.size() < shortest_last_chunk)
        return State::needs_more;  // no body ends before they are there
    ErrorCode ec;
    used = put(boost::asio::const_buffer(bytes.data(), bytes.size()), ec);
    wire_bytes_ += used;
    if (!is_done() && wire_bytes_ > max_framing + max_framing_per_byte * response_.body.size()) {
        detail_ = "too much chunk framing for too little body";
        return State::malformed;
    }
    if (ec == beast_http::error::need_more)
        return State::needs_more;
    if (ec == beast_http::error::body_limit && !request_.whole_body) {
        response_.body_cut = true;
        return State::body_full;
    }
    if (ec) {
        if (detail_.empty())
            detail_ = "malformed HTTP: " + ec.message();
        return State::malformed;
    }
    if (is_done())
        return response_.status < 200 ? State::interim : State::complete;
    if (has_head_ && !request_.whole_body && response_.body.size() >= request_.response_limit) {
        response_.body_cut = true;
        return State::body_full;
    }
    return State::needs_more;
}

bool AnswerParser::has_head() const noexcept
{
    return has_head_ && response_.status >= 200;
}

AnswerParser::State AnswerParser::finish()
{
    ErrorCode ec;
    if (has_head_)
        put_eof(ec);
    else
        ec = beast_http::error::partial_message;
    if (ec) {
        detail_ = has_head_ ? "the connection ended in the middle of the body"
                            : "the connection ended in the middle of the answer's head";
        return State::malformed;
    }
    return State::complete;
}

bool AnswerParser::allows_reuse() const
{
    if (!is_http_1_1_ || !keep_alive())
        return false;
    // A body that must not be there would be taken for the next answer.
    const bool bodiless = response_.status == 204 || response_.status == 304;
    return !bodiless || !announces_body();
}

bool AnswerParser::announces_body() const
{
    return chunked() || content_length().value_or(0) > 0;
}

void AnswerParser::on_response_impl(int status, Text, int version, ErrorCode& ec)
{
    if (status < 100 || status > 599)
        return reject(ec, "status " + std::to_string(status) + " is not between 100 and 599");
    if (status == 101)
        return reject(ec, "the peer switched protocols without being asked to");
    response_.status = status;
    is_http_1_1_ = version == 11;
}

void AnswerParser::on_field_impl(Field name, Text name_text, Text value, ErrorCode& ec)
{
    if (has_head_)
        return;  // trailers say nothing that we want to know
    if (!request_.keep_fields.empty())
        keep(to_std(name_text), to_std(value));
    switch (name) {
        case Field::content_type: {
            const std::string_view type = to_std(value);
            response_.content_type = base::to_lower(base::trim(type.substr(0, type.find(';'))));
            break;
        }
        case Field::retry_after: response_.retry_after = to_std(value); break;
        case Field::date: response_.date = to_std(value); break;
        case Field::content_encoding:
            if (request_.whole_body && !base::equals_ignoring_case(to_std(value), "identity"))
                reject(
                    ec,
                    "the body is encoded as " + base::excerpt(to_std(value), 40) + ", which was not asked for"
                );
            break;
        case Field::transfer_encoding:
            if (!base::equals_ignoring_case(to_std(value), "chunked"))
                reject(ec, "unknown transfer encoding " + base::excerpt(to_std(value), 40));
            break;
        default: break;
    }
}

void AnswerParser::keep(std::string_view name, std::string_view value)
{
    if (response_.fields.size() >= max_kept_fields || value.size() > max_kept_value)
        return;
    for (const std::string_view wanted : request_.keep_fields) {
        if (base::equals_ignoring_case(wanted, name)) {
            response_.fields.emplace_back(wanted, value);
            return;
        }
    }
}

void AnswerParser::on_header_impl(ErrorCode&)
{
    has_head_ = true;
}

void AnswerParser::on_body_init_impl(const boost::optional<std::uint64_t>& length, ErrorCode& ec)
{
    if (!length)
        return;
    if (request_.whole_body && *length > request_.response_limit)
        return reject(
            ec,
            "the body has " + std::to_string(*length) + " bytes, the limit is " +
                std::to_string(request_.response_limit)
        );
    // A peer that announces much and sends little gets little memory.
    response_.body.reserve(std::min<std::uint64_t>({*length, request_.response_limit, max_reserve}));
}

std::size_t AnswerParser::on_body_impl(Text bytes, ErrorCode& ec)
{
    const std::size_t room = request_.response_limit - response_.body.size();
    const std::size_t taken = std::min(room, bytes.size());
    response_.body.append(bytes.data(), taken);
    if (taken < bytes.size()) {
        ec = beast_http::error::body_limit;
        if (request_.whole_body)
            detail_ =
                "the body is longer than the limit of " + std::to_string(request_.response_limit) + " bytes";
    }
    return taken;
}

void AnswerParser::on_chunk_header_impl(std::uint64_t, Text, ErrorCode&) {}

std::size_t AnswerParser::on_chunk_body_impl(std::uint64_t, Text bytes, ErrorCode& ec)
{
    return on_body_impl(bytes, ec);
}

void AnswerParser::on_finish_impl(ErrorCode&) {}

void AnswerParser::reject(ErrorCode& ec, std::string detail)
{
    detail_ = std::move(detail);
    ec = beast_http::error::bad_field;
}

AnswerParser::State take_answer(
    ReadBuffer& buffer,
    std::optional<AnswerParser>& parser,
    const Request& request,
    Response& response,
    unsigned& interim_answers
)
{
    using State = AnswerParser::State;
    while (!buffer.empty()) {
        const boost::asio::const_buffer bytes = buffer.bytes();
        std::size_t used = 0;
        const State state = parser->feed({static_cast<const char*>(bytes.data()), bytes.size()}, used);
        buffer.consume(used);
        if (state != State::interim)
            return state;
        if (++interim_answers > max_interim_answers)
            return State::malformed;
        response = Response();
        parser.emplace(request, response);
    }
    return State::needs_more;
}

}  // namespace pollhook::http
