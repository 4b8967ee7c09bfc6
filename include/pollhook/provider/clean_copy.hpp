#pragma once

#include "pollhook/provider/json_text.hpp"

#include <string>
#include <string_view>

namespace pollhook::provider {

/// A relay's task object as receivers may see it: compact, members in the relay's order, numbers and texts as
/// the relay wrote them. Left out: what the relay should not have shown (its hooks, its internals, who
/// submitted from where), at the top and in `properties`; numbers that no double can hold. Embedded files
/// become null.
std::string clean_copy(const JsonObject& task);

/// The same for one valid value, without a look at names: compact, no embedded files.
void append_clean(std::string& out, std::string_view value);

/// Whether a string value, quotes and all, is a file in disguise: longer than 8 KiB, and a `data:` URL or
/// nothing but base64.
bool is_embedded_file(std::string_view string);

}  // namespace pollhook::provider
