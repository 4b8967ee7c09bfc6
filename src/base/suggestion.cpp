#include "pollhook/base/suggestion.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace pollhook::base {
namespace {

/// Edits that turn `a` into `b`; two neighbours swapped count as one.
std::size_t distance(std::string_view a, std::string_view b)
{
    std::vector<std::size_t> before_last;
    std::vector<std::size_t> last(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j)
        last[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::vector<std::size_t> row(b.size() + 1);
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replace = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, replace});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], before_last[j - 2] + 1);
        }
        before_last = std::move(last);
        last = std::move(row);
    }
    return last.back();
}

}  // namespace

std::string suggestion(std::string_view word, std::span<const std::string> candidates)
{
    const std::size_t limit = std::max<std::size_t>(2, word.size() / 3);
    std::size_t best = limit + 1;
    std::string_view nearest;
    for (const std::string& candidate : candidates) {
        // Words so unlike in length are far apart; without this a hostile word would cost its length squared.
        const std::size_t size = candidate.size();
        if (std::max(word.size(), size) - std::min(word.size(), size) > limit)
            continue;
        const std::size_t edits = distance(word, candidate);
        // A word as short as the distance itself resembles everything.
        if (edits < best && edits < std::max(word.size(), candidate.size())) {
            best = edits;
            nearest = candidate;
        }
    }
    return std::string(nearest);
}

std::string did_you_mean(std::string_view word, std::span<const std::string> candidates)
{
    const std::string meant = suggestion(word, candidates);
    return meant.empty() ? std::string() : ", did you mean \"" + meant + "\"?";
}

}  // namespace pollhook::base
