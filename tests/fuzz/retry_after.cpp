#include "pollhook/http/retry_after.hpp"

#include "fuzz/input.hpp"

#include <string_view>

// A Retry-After field and the time when it came, in milliseconds (the first six bytes).

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    using namespace pollhook;
    fuzz::Input input(bytes, size);
    const auto high = static_cast<std::int64_t>(input.number(2));
    const auto now = base::from_unix_ms(high << 32U | input.number(4));
    const std::string_view field = input.rest();
    const auto wait = http::retry_after(field, now);
    if (!wait)
        return 0;
    fuzz::expect(wait->count() >= (fuzz::is_sabotaged() ? 1 : 0), "nobody waits for the past");
    // Whoever waits adds it to now.
    fuzz::expect(*wait <= std::chrono::years(10'000), "it can be added to a time");
    return 0;
}
