#include "user_name.hpp"

#include "pollhook/base/text.hpp"

#include <fmt/format.h>
#include <pwd.h>

namespace pollhook::cli {

std::string user_name(uid_t user)
{
    const passwd* const entry = ::getpwuid(user);  // NOLINT(concurrency-mt-unsafe): one thread
    return entry == nullptr ? fmt::to_string(user) : base::printable(entry->pw_name);
}

}  // namespace pollhook::cli
