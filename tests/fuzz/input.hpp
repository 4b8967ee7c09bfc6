#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace pollhook::fuzz {

/// A target's input, taken from the front; after its end everything is zero or empty.
class Input {
public:
    Input(const std::uint8_t* bytes, std::size_t size) : rest_(reinterpret_cast<const char*>(bytes), size) {}

    std::uint8_t byte()
    {
        if (rest_.empty())
            return 0;
        const auto value = static_cast<std::uint8_t>(rest_.front());
        rest_.remove_prefix(1);
        return value;
    }
    std::uint32_t number(int bytes)
    {
        std::uint32_t value = 0;
        for (int i = 0; i < bytes; ++i)
            value = value << 8U | byte();
        return value;
    }
    std::string_view text(std::size_t size)
    {
        const std::string_view taken = rest_.substr(0, size);
        rest_.remove_prefix(taken.size());
        return taken;
    }
    std::string_view until(char separator)
    {
        const std::string_view taken = rest_.substr(0, rest_.find(separator));
        rest_.remove_prefix(std::min(rest_.size(), taken.size() + 1));
        return taken;
    }
    std::string_view rest() { return text(rest_.size()); }
    [[nodiscard]] bool empty() const { return rest_.empty(); }

private:
    std::string_view rest_;
};

/// Ends the process, as libFuzzer wants it, when what must hold does not.
inline void expect(bool good, const char* what)
{
    if (good)
        return;
    std::fprintf(stderr, "fuzz: violated: %s\n", what);
    std::abort();
}

/// Set for the self-test of a harness: it then breaks on purpose what it watches over, and must find it.
inline bool is_sabotaged()
{
    static const bool sabotaged = std::getenv("POLLHOOK_FUZZ_SABOTAGE") != nullptr;
    return sabotaged;
}

}  // namespace pollhook::fuzz
