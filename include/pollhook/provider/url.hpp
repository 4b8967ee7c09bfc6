#pragma once

#include <string>
#include <string_view>

namespace pollhook::provider {

/// Whether `text` is one http or https URL by its looks: the scheme, no white space, no control characters.
bool is_web_url(std::string_view text) noexcept;

/// A result's URL without what changes from look to look, which would make every look a change: the fragment
/// and the query parameters of signatures and against caches.
std::string stable_url(std::string_view url);

}  // namespace pollhook::provider
