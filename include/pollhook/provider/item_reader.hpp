#pragma once

#include "pollhook/task/observation.hpp"

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

namespace pollhook::provider {

/// What differs between the relays' task objects for a look.
struct ItemDialect {
    std::string_view id_name;  ///< the member that holds the id
    /// new-api shows a task that it gave up as `100%` with a failReason, whatever its status word says.
    bool gives_up_silently = false;
};

inline constexpr ItemDialect midjourney_proxy_items{.id_name = "id", .gives_up_silently = true};
inline constexpr ItemDialect ohmygpt_items{.id_name = "taskId", .gives_up_silently = false};

/// Reads the facts of a look out of task objects, about half a microsecond each: a SAX pass that builds
/// nothing.
class ItemReader {
public:
    enum class Outcome {
        read,
        unreadable,  ///< not a task: no valid id, a status that is no word, not JSON, not UTF-8, too deep
        cut,         ///< the text ends within the item
    };
    struct Item {
        Outcome outcome = Outcome::unreadable;
        /// All of it for `read`. For `unreadable` the id alone, when it can be found.
        task::Observation observation;
        std::size_t end = 0;  ///< where the item ends in the text; npos for `cut`
    };

    /// `texts` takes what cannot be viewed in the document because it was escaped there; it must outlive the
    /// observations.
    ItemReader(const ItemDialect& dialect, std::deque<std::string>& texts);
    ItemReader(const ItemReader&) = delete;
    ItemReader& operator=(const ItemReader&) = delete;
    ~ItemReader();

    /// Reads the item that `text` begins with; what follows it does not matter. The views point into `text`.
    [[nodiscard]] Item read(std::string_view text);

private:
    class Parser;

    std::unique_ptr<Parser> parser_;
};

}  // namespace pollhook::provider
