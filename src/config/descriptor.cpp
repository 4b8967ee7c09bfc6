#include "pollhook/config/descriptor.hpp"

#include "pollhook/base/time.hpp"
#include "size.hpp"

#include <fmt/format.h>

namespace pollhook::config {

bool Descriptor::is_secret() const noexcept
{
    return type == ValueType::secret || type == ValueType::signing_secret ||
           type == ValueType::signing_secrets || type == ValueType::headers;
}

std::string Descriptor::range_text() const
{
    const auto duration = [](double ms) {
        return base::format_duration(base::Duration(static_cast<std::int64_t>(ms)));
    };
    const auto size = [](double bytes) { return format_size(static_cast<std::uint64_t>(bytes)); };
    switch (type) {
        case ValueType::integer:
        case ValueType::number: return fmt::format("{} to {}", minimum, maximum);
        case ValueType::duration:
        case ValueType::durations: return fmt::format("{} to {}", duration(minimum), duration(maximum));
        case ValueType::size: return fmt::format("{} to {}", size(minimum), size(maximum));
        default: return {};
    }
}

}  // namespace pollhook::config
