#pragma once

#include <cstddef>

namespace pollhook::http {

/// `0`, its line end and the last one. Boost.Beast 1.81 asserts that it is asked about the last chunk's
/// trailer with as many bytes: when the head of the first chunk is all that has come, and is the last, the
/// parser must wait for the rest.
inline constexpr std::size_t shortest_last_chunk = 5;

}  // namespace pollhook::http
