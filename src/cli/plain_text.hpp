#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pollhook::cli {

/// As base::printable(), but with double quotes as they are: what people read on a terminal stands in no
/// quotes.
std::string plain_text(std::string_view text, std::size_t limit = 200);

}  // namespace pollhook::cli
