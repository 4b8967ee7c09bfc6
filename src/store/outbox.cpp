#include "pollhook/store/outbox.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <system_error>

namespace pollhook::store {
namespace {

constexpr std::array<std::string_view, 6> state_names{
    "pending", "inFlight", "delivered", "dead", "superseded", "cancelled"
};

/// Takes a decimal number off the front of `text`; signs and leading zeros are refused, so that a key has one
/// spelling.
template <class T>
std::optional<T> take_number(std::string_view& text)
{
    T value{};
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    const auto length = static_cast<std::size_t>(end - text.data());
    if (ec != std::errc{} || text[0] == '-' || (text[0] == '0' && length > 1))
        return std::nullopt;
    text.remove_prefix(length);
    return value;
}

bool take_dash(std::string_view& text)
{
    if (text.empty() || text[0] != '-')
        return false;
    text.remove_prefix(1);
    return true;
}

}  // namespace

std::string DeliveryKey::text() const
{
    return fmt::format(
        "{}-{}-{}", static_cast<std::int64_t>(task), static_cast<std::int32_t>(sink), sequence
    );
}

std::optional<DeliveryKey> DeliveryKey::parse(std::string_view text)
{
    const auto task = take_number<std::int64_t>(text);
    if (!task || !take_dash(text))
        return std::nullopt;
    const auto sink = take_number<std::int32_t>(text);
    if (!sink || !take_dash(text))
        return std::nullopt;
    const auto sequence = take_number<std::uint32_t>(text);
    if (!sequence || !text.empty())
        return std::nullopt;
    return DeliveryKey{TaskRow{*task}, SinkId{*sink}, *sequence};
}

std::string_view name(DeliveryState state) noexcept
{
    const std::size_t index = static_cast<std::size_t>(state);
    return index < state_names.size() ? state_names[index] : "unknown";
}

std::optional<DeliveryState> parse_delivery_state(std::string_view name) noexcept
{
    for (std::size_t i = 0; i < state_names.size(); ++i)
        if (state_names[i] == name)
            return static_cast<DeliveryState>(i);
    return std::nullopt;
}

}  // namespace pollhook::store
