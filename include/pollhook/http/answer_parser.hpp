#pragma once

#include "pollhook/http/client.hpp"
#include "pollhook/http/read_buffer.hpp"

#include <boost/beast/http/basic_parser.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pollhook::http {

/// Reads one answer from bytes into a Response: the few fields that anyone asks for, and the body up to its
/// limit. It keeps no table of fields. Bounds: head 16 KiB, status 100 to 599, framing (chunk heads and
/// trailers) not out of proportion to the body. Made anew for each answer, in the same place.
class AnswerParser final : private boost::beast::http::basic_parser<false> {
public:
    enum class State : std::uint8_t {
        needs_more,
        complete,
        interim,    ///< a 1xx answer: the final one follows
        body_full,  ///< the limit is reached and the caller wants no more
        malformed,  ///< see detail()
    };

    /// `request` and `response` must outlive the parser.
    AnswerParser(const Request& request, Response& response);

    /// Takes what it understands from the front of `bytes` and sets `used`.
    State feed(std::string_view bytes, std::size_t& used);
    /// The peer ended the stream.
    State finish();

    /// The final status is known and every field was read.
    [[nodiscard]] bool has_head() const noexcept;
    /// After `complete`: whether the connection can serve another exchange.
    [[nodiscard]] bool allows_reuse() const;
    /// After the head: it announces a body, whether there may be one or not.
    [[nodiscard]] bool announces_body() const;
    [[nodiscard]] const std::string& detail() const noexcept { return detail_; }

private:
    using Field = boost::beast::http::field;
    using Text = boost::beast::string_view;
    using ErrorCode = boost::beast::error_code;

    void on_request_impl(boost::beast::http::verb, Text, Text, int, ErrorCode&) override {}
    void on_response_impl(int status, Text reason, int version, ErrorCode& ec) override;
    void on_field_impl(Field name, Text name_text, Text value, ErrorCode& ec) override;
    void on_header_impl(ErrorCode& ec) override;
    void on_body_init_impl(const boost::optional<std::uint64_t>& length, ErrorCode& ec) override;
    std::size_t on_body_impl(Text bytes, ErrorCode& ec) override;
    void on_chunk_header_impl(std::uint64_t size, Text extensions, ErrorCode& ec) override;
    std::size_t on_chunk_body_impl(std::uint64_t left, Text bytes, ErrorCode& ec) override;
    void on_finish_impl(ErrorCode& ec) override;

    void reject(ErrorCode& ec, std::string detail);
    void keep(std::string_view name, std::string_view value);

    const Request& request_;
    Response& response_;
    std::string detail_;
    std::uint64_t wire_bytes_ = 0;
    bool has_head_ = false;
    bool is_http_1_1_ = false;
};

inline constexpr unsigned max_interim_answers = 8;
inline constexpr std::string_view too_many_interim_answers = "more than 8 interim (1xx) answers";

/// Takes the final answer from what `buffer` holds. `parser` is made anew after each interim one, which are
/// counted in `interim_answers`; more than max_interim_answers are malformed.
AnswerParser::State take_answer(
    ReadBuffer& buffer,
    std::optional<AnswerParser>& parser,
    const Request& request,
    Response& response,
    unsigned& interim_answers
);

}  // namespace pollhook::http
