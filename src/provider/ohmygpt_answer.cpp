#include "pollhook/provider/ohmygpt_answer.hpp"

#include "pollhook/base/text.hpp"
#include "pollhook/provider/envelope.hpp"
#include "pollhook/provider/json_text.hpp"

#include <fmt/format.h>

namespace pollhook::provider {
namespace {

/// Where the items are: the value that begins with `[` or `{`, and what follows it. Empty: there are none.
std::string_view find_items(std::string_view data)
{
    if (!data.starts_with('{'))
        return data.starts_with('[') ? data : std::string_view();
    MemberScanner member(data);
    while (member.next()) {
        if (member.name() == "tasks")
            return member.rest().starts_with('[') ? member.rest() : std::string_view();
        if (member.name() == ohmygpt_items.id_name)
            return data;
    }
    return {};
}

/// A route that does not exist is a 404 too, and no word about the task.
bool is_about_the_task(std::string_view message)
{
    const std::string text = base::to_lower(message);
    return says_unknown_task(message) &&
           (text.find("task") != std::string::npos || text.find("任务") != std::string::npos);
}

std::optional<LookFailure> judge_code(const Envelope& envelope, const Account& account)
{
    const std::int64_t code = envelope.code.value_or(0);
    if (envelope.success == false)
        return account.malformed("success is false", envelope.message);
    if (code == 0)
        return std::nullopt;
    if (code >= 200 && code <= 599)
        return account.judge("statusCode", static_cast<int>(code), envelope.message);
    return account.malformed(fmt::format("statusCode {}", code), envelope.message);
}

}  // namespace

OhMyGptAnswer read_ohmygpt_answer(const Posted& posted, const Account& account, Gathering& gathering)
{
    OhMyGptAnswer answer;
    const std::string_view body = posted.body;
    Envelope envelope;
    if (body.starts_with('{'))
        envelope = read_envelope(body);
    if (posted.failure) {
        answer.unknown_task =
            posted.status >= 400 && posted.status <= 499 && is_about_the_task(envelope.message);
        if (!answer.unknown_task)
            answer.failure = posted.failure;
        return answer;
    }
    if (body.starts_with('[')) {
        envelope.data = body;
        envelope.whole = true;
    } else if (!body.starts_with('{')) {
        answer.failure = account.malformed(body.empty() ? "an empty answer" : "not JSON");
        return answer;
    }
    answer.failure = judge_code(envelope, account);
    if (answer.failure) {
        const std::int64_t code = envelope.code.value_or(0);
        answer.unknown_task =
            code == 404 || (code >= 400 && code <= 499 && says_unknown_task(envelope.message));
        if (answer.unknown_task)
            answer.failure.reset();
        return answer;
    }
    const std::string_view items = find_items(envelope.data.empty() ? body : envelope.data);
    if (!items.empty())
        answer.items = gathering.read(items);
    // Nothing without a code of its own may come from anywhere; that a task is gone takes the relay's word.
    const bool has_answered = envelope.code || answer.items.items > 0;
    if (!envelope.whole || (!items.empty() && !answer.items.whole))
        answer.failure = account.malformed("the answer is cut off or broken");
    else if (!has_answered)
        answer.failure = account.malformed("neither a task nor a list of tasks", envelope.message);
    answer.unknown_task = !answer.failure && answer.items.items == 0;
    return answer;
}

}  // namespace pollhook::provider
