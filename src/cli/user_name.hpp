#pragma once

#include <sys/types.h>

#include <string>

namespace pollhook::cli {

/// The user's name, or the number when it has none; printable. One thread.
std::string user_name(uid_t user);

}  // namespace pollhook::cli
