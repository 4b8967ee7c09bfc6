#pragma once

#include <string>
#include <string_view>

namespace pollhook::task {

/// `evt_` and the first half of the SHA-256 of `facts` in hexadecimal digits.
std::string id_of(std::string_view facts);

}  // namespace pollhook::task
