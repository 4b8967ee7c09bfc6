#pragma once

#include "timeline.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <string_view>
#include <utility>

namespace pollhook::simulation {

/// What happened in a run: a digest of it always, so that two runs can be compared, and the text on demand.
class Trace {
public:
    explicit Trace(const Timeline& timeline) : timeline_(timeline) {}

    void print_to(std::FILE* file) noexcept { file_ = file; }
    [[nodiscard]] bool is_printed() const noexcept { return file_ != nullptr; }

    template <class... Args>
    void note(fmt::format_string<Args...> format, Args&&... args)
    {
        const auto now = timeline_.now().time_since_epoch().count();
        const std::string line = fmt::format(format, std::forward<Args>(args)...);
        add(std::to_string(now));
        add(line);
        if (file_ != nullptr)
            fmt::print(
                file_,
                "{:>12.3f} {} {}\n",
                static_cast<double>(now) / 1000.0,
                base::format_rfc3339(timeline_.wall()),
                line
            );
    }
    /// Printed, but no part of the digest.
    void remark(std::string_view line) const
    {
        if (file_ != nullptr)
            fmt::print(file_, "{:>39} {}\n", "|", line);
    }

    [[nodiscard]] std::uint64_t digest() const noexcept { return digest_; }

private:
    void add(std::string_view text) noexcept
    {
        for (const char c : text)
            digest_ = (digest_ ^ static_cast<std::uint8_t>(c)) * 1099511628211U;
    }

    const Timeline& timeline_;
    std::FILE* file_ = nullptr;
    std::uint64_t digest_ = 14695981039346656037U;  // FNV-1a
};

}  // namespace pollhook::simulation
