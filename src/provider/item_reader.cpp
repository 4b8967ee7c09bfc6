#include "pollhook/provider/item_reader.hpp"

#include "pollhook/base/json_listener.hpp"
#include "pollhook/base/text.hpp"
#include "pollhook/provider/json_text.hpp"
#include "pollhook/provider/progress.hpp"
#include "pollhook/provider/url.hpp"
#include "pollhook/task/key.hpp"

#include <boost/json/basic_parser_impl.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>

namespace pollhook::provider {

namespace json = boost::json;

namespace {

enum class Field : std::uint8_t { other, id, status, progress, fail_reason };

/// Hears a task object and keeps what a look wants to know.
class Facts : public base::JsonListener {
public:
    Facts(const ItemDialect& dialect, std::deque<std::string>& texts) : dialect_(dialect), texts_(texts) {}

    void begin(std::string_view document)
    {
        document_ = document;
        depth_ = 0;
        field_ = Field::other;
        pieces_.clear();
        seen_ = {};
        status_is_word_ = true;
        has_fail_reason_ = false;
    }

    [[nodiscard]] std::string_view id() const { return seen_.id; }
    /// The id in an object that is no JSON, looked for member by member.
    [[nodiscard]] std::string_view id_in(std::string_view broken)
    {
        MemberScanner member(broken);
        while (member.next()) {
            if (member.name() != dialect_.id_name)
                continue;
            const std::string_view value = member.value();
            const bool is_string = value.size() > 2 && value.front() == '"';
            const std::string_view id = is_string ? value.substr(1, value.size() - 2) : value;
            const bool is_number = id.find_first_not_of("0123456789") == std::string_view::npos;
            return (is_string || is_number) && task::is_valid_id(id) ? id : std::string_view();
        }
        return {};
    }
    [[nodiscard]] bool complete() const { return !seen_.id.empty() && status_is_word_; }

    [[nodiscard]] task::Observation observation()
    {
        constexpr std::int8_t all = 100;
        task::Observation seen = seen_;
        if (seen.upstream_status != last_word_) {
            last_word_ = seen.upstream_status;
            last_status_ = task::from_upstream(last_word_);
        }
        seen.status = last_status_;
        if (dialect_.gives_up_silently && has_fail_reason_ && seen.progress == all &&
            !is_terminal(seen.status))
            seen.status = task::Status::failed;
        return seen;
    }

    bool on_object_begin(Error&) { return enter(); }
    bool on_object_end(std::size_t, Error&) { return leave(); }
    bool on_array_begin(Error&) { return enter(); }
    bool on_array_end(std::size_t, Error&) { return leave(); }
    bool on_key_part(Text text, std::size_t, Error&)
    {
        if (depth_ == 1)
            pieces_.append(text.data(), text.size());
        return true;
    }
    bool on_key(Text text, std::size_t, Error&)
    {
        if (depth_ == 1) {
            if (pieces_.empty()) {
                field_ = field_of({text.data(), text.size()});
            } else {
                pieces_.append(text.data(), text.size());
                field_ = field_of(pieces_);
                pieces_.clear();
            }
        }
        return true;
    }
    bool on_string_part(Text text, std::size_t, Error&)
    {
        if (depth_ == 1 && field_ != Field::other)
            pieces_.append(text.data(), text.size());
        return true;
    }
    bool on_string(Text text, std::size_t, Error&)
    {
        if (depth_ == 1 && field_ != Field::other)
            take_string({text.data(), text.size()});
        return true;
    }
    bool on_int64(std::int64_t, Text text, Error&) { return number(text); }
    bool on_uint64(std::uint64_t, Text text, Error&) { return number(text); }
    bool on_double(double, Text text, Error&)
    {
        if (depth_ == 1 && field_ == Field::progress)
            seen_.progress = parse_progress({text.data(), text.size()});
        else
            wrong_type();
        return true;
    }
    bool on_bool(bool, Error&)
    {
        wrong_type();
        return true;
    }
    bool on_null(Error&)
    {
        if (depth_ == 1)
            forget();
        return true;
    }

private:
    [[nodiscard]] Field field_of(std::string_view name) const
    {
        switch (name.empty() ? '\0' : name.front()) {
            case 's': return name == "status" ? Field::status : Field::other;
            case 'p': return name == "progress" ? Field::progress : Field::other;
            case 'f': return name == "failReason" ? Field::fail_reason : Field::other;
            default: return name == dialect_.id_name ? Field::id : Field::other;
        }
    }

    bool enter()
    {
        wrong_type();
        ++depth_;
        return true;
    }
    bool leave()
    {
        --depth_;
        return true;
    }

    /// Of two members of the same name the last counts, also when it takes the value back.
    void forget()
    {
        switch (field_) {
            case Field::id: seen_.id = {}; break;
            case Field::status:
                seen_.upstream_status = {};
                status_is_word_ = true;
                break;
            case Field::progress: seen_.progress = -1; break;
            case Field::fail_reason: has_fail_reason_ = false; break;
            case Field::other: break;
        }
    }

    void wrong_type()
    {
        if (depth_ != 1)
            return;
        forget();
        if (field_ == Field::status)
            status_is_word_ = false;
    }

    bool number(Text text)
    {
        if (depth_ != 1)
            return true;
        const std::string_view digits(text.data(), text.size());
        if (field_ == Field::id)
            seen_.id = digits.starts_with('-') ? std::string_view() : digits;
        else if (field_ == Field::progress)
            seen_.progress = parse_progress(digits);
        else
            wrong_type();
        return true;
    }

    void take_string(std::string_view last_piece)
    {
        std::string_view text = last_piece;
        if (!pieces_.empty() || !lies_in_document(last_piece)) {
            pieces_ += last_piece;
            text = pieces_;
        }
        switch (field_) {
            case Field::id: seen_.id = task::is_valid_id(text) ? kept(text) : std::string_view(); break;
            case Field::status:
                seen_.upstream_status = kept(text);
                status_is_word_ = true;
                break;
            case Field::progress: seen_.progress = parse_progress(text); break;
            case Field::fail_reason: has_fail_reason_ = !base::trim(text).empty() && !is_web_url(text); break;
            case Field::other: break;
        }
        pieces_.clear();
    }

    [[nodiscard]] bool lies_in_document(std::string_view text) const
    {
        const std::less_equal<> before;
        return before(document_.data(), text.data()) &&
               before(text.data() + text.size(), document_.data() + document_.size());
    }

    std::string_view kept(std::string_view text)
    {
        return text.data() == pieces_.data() ? std::string_view(texts_.emplace_back(text)) : text;
    }

    const ItemDialect& dialect_;
    std::deque<std::string>& texts_;
    std::string_view document_;
    std::string pieces_;  // of a text with escapes, which comes in parts from the parser's own memory
    task::Observation seen_;
    std::string last_word_;  // most items of an answer have one of few words
    task::Status last_status_ = task::from_upstream({});
    int depth_ = 0;
    Field field_ = Field::other;
    bool status_is_word_ = true;
    bool has_fail_reason_ = false;
};

json::parse_options options()
{
    json::parse_options options;
    options.max_depth = max_json_depth;
    return options;
}

}  // namespace

class ItemReader::Parser {
public:
    Parser(const ItemDialect& dialect, std::deque<std::string>& texts) : parser_(options(), dialect, texts) {}

    Item read(std::string_view text)
    {
        Item item;
        Facts& facts = parser_.handler();
        facts.begin(text);
        if (!text.starts_with('{')) {
            leave_out(text, item);
            return item;
        }
        json::error_code ec;
        parser_.reset();
        item.end = parser_.write_some(false, text.data(), text.size(), ec);
        if (ec) {
            item.observation.id = facts.id();
            leave_out(text, item);
            if (item.observation.id.empty() && item.outcome == Outcome::unreadable)
                item.observation.id = facts.id_in(text.substr(0, item.end));
            return item;
        }
        item.end = text.find_last_of('}', item.end - 1) + 1;
        item.observation = facts.observation();
        item.observation.raw = text.substr(0, item.end);
        if (facts.complete())
            item.outcome = Outcome::read;
        return item;
    }

private:
    static void leave_out(std::string_view text, Item& item)
    {
        item.end = skip_value(text, 0);
        item.outcome = item.end == std::string_view::npos ? Outcome::cut : Outcome::unreadable;
    }

    json::basic_parser<Facts> parser_;
};

ItemReader::ItemReader(const ItemDialect& dialect, std::deque<std::string>& texts)
    : parser_(std::make_unique<Parser>(dialect, texts))
{
}

ItemReader::~ItemReader() = default;

ItemReader::Item ItemReader::read(std::string_view text)
{
    return parser_->read(text);
}

}  // namespace pollhook::provider
