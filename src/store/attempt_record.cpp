#include "attempt_record.hpp"

#include <algorithm>
#include <cstdint>

namespace pollhook::store {

namespace {

constexpr char version = 1;

void put(std::string& record, std::uint64_t number)
{
    for (; number >= 0x80; number >>= 7U)
        record.push_back(static_cast<char>((number & 0x7FU) | 0x80U));
    record.push_back(static_cast<char>(number));
}

void put(std::string& record, std::string_view text)
{
    put(record, text.size());
    record.append(text);
}

void put(std::string& record, base::Duration duration)
{
    put(record, static_cast<std::uint64_t>(duration.count()));
}

/// Takes values off the front; after the first that is not there nothing is.
class Source {
public:
    explicit Source(std::string_view record) : rest_(record) {}

    std::uint64_t number()
    {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
            const auto byte = static_cast<std::uint8_t>(rest_.front());
            rest_.remove_prefix(1);
            value |= std::uint64_t{byte & 0x7FU} << shift;
            if (byte < 0x80)
                return value;
        }
        failed_ = true;
        rest_ = {};
        return 0;
    }
    std::string text()
    {
        const std::uint64_t size = number();
        if (size > rest_.size()) {
            failed_ = true;
            rest_ = {};
            return {};
        }
        std::string text(rest_.substr(0, size));
        rest_.remove_prefix(size);
        return text;
    }
    base::Duration duration() { return base::Duration(static_cast<std::int64_t>(number())); }
    [[nodiscard]] bool is_complete() const
    {
        return !failed_ && rest_.find_first_not_of('\0') == std::string_view::npos;
    }

private:
    std::string_view rest_;
    bool failed_ = false;
};

}  // namespace

std::string pack(const Attempt& attempt)
{
    std::string record;
    record.reserve(std::max<std::size_t>(
        reserved_for_attempt,
        64 + attempt.error_class.size() + attempt.decision.size() + attempt.peer.size() +
            attempt.response_head.size()
    ));
    record.push_back(version);
    put(record, static_cast<std::uint64_t>(base::to_unix_ms(attempt.at)));
    put(record, static_cast<std::uint64_t>(attempt.http_status));
    for (const base::Duration part :
         {attempt.look_up, attempt.connect, attempt.tls, attempt.first_byte, attempt.total})
        put(record, part);
    for (const std::string* text :
         {&attempt.error_class, &attempt.decision, &attempt.peer, &attempt.response_head})
        put(record, std::string_view(*text));
    // One less, since the state of one that has ended takes a byte more.
    if (record.size() < reserved_for_attempt - 1)
        record.resize(reserved_for_attempt - 1);
    return record;
}

std::optional<Attempt> unpack(std::string_view record)
{
    if (record.empty() || record.front() != version)
        return std::nullopt;
    Source source(record.substr(1));
    Attempt attempt;
    attempt.at = base::from_unix_ms(static_cast<std::int64_t>(source.number()));
    attempt.http_status = static_cast<int>(source.number());
    for (base::Duration* part :
         {&attempt.look_up, &attempt.connect, &attempt.tls, &attempt.first_byte, &attempt.total})
        *part = source.duration();
    for (std::string* text : {&attempt.error_class, &attempt.decision, &attempt.peer, &attempt.response_head})
        *text = source.text();
    return source.is_complete() ? std::optional(std::move(attempt)) : std::nullopt;
}

}  // namespace pollhook::store
