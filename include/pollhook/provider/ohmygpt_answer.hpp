#pragma once

#include "pollhook/provider/account.hpp"
#include "pollhook/provider/gathering.hpp"
#include "pollhook/provider/provider.hpp"

#include <optional>
#include <string_view>

namespace pollhook::provider {

/// What an OhMyGPT answer says: items, or that there is no such task, or why not.
struct OhMyGptAnswer {
    ItemsRead items;
    bool unknown_task = false;  ///< the relay says that it does not know the task, or shows none
    std::optional<LookFailure> failure;
};

/// Reads an answer to either request in any of its shapes, since the relay's schema and its example disagree:
/// `data` is one task, a list, `{"total","tasks"}` or null; success is the body's own code. `posted.body`
/// must lie in the bodies of the gathering's answer; items that were whole before a cut count in spite of the
/// failure.
OhMyGptAnswer read_ohmygpt_answer(const Posted& posted, const Account& account, Gathering& gathering);

}  // namespace pollhook::provider
