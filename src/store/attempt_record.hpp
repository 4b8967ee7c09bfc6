#pragma once

#include "pollhook/store/store.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace pollhook::store {

/// What a delivery's row reserves for the attempt that will end it. A row that grew when it ended would have
/// the pages of its table rebalanced, which costs more than all the rest of a settlement.
inline constexpr std::size_t reserved_for_attempt = 64;

/// An attempt in a few dozen bytes, for the row of the delivery that it ended: numbers as LEB128, texts after
/// their length, a version first, and zeros up to what is reserved.
std::string pack(const Attempt& attempt);

/// Empty when there is none (zeros only) or it cannot be read.
std::optional<Attempt> unpack(std::string_view record);

}  // namespace pollhook::store
