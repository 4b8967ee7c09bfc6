#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pollhook::store {

/// Which tasks a sink wants, by what their owner noted about them: every key must be there with one of its
/// values. Immutable.
class MetadataFilter {
public:
    struct Condition {
        std::string key;
        /// A string is compared by its content; for numbers, true, false and null it is their JSON text.
        std::vector<std::string> values;
    };

    explicit MetadataFilter(std::vector<Condition> conditions) : conditions_(std::move(conditions)) {}

    /// `metadata` is a JSON object's text; what cannot be read matches no condition.
    [[nodiscard]] bool matches(std::string_view metadata) const;

private:
    std::vector<Condition> conditions_;
};

}  // namespace pollhook::store
