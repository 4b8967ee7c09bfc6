#pragma once

#include "pollhook/config/config.hpp"

#include <string>
#include <vector>

namespace pollhook::config {

/// A provider or sink that has other settings than before.
struct ChangedSection {
    std::string name;
    std::vector<std::string> keys;  ///< within the table: `api_key`

    bool operator==(const ChangedSection&) const = default;
};

/// What became of the `[[provider]]`s or the `[[sink]]`s, by name.
struct SectionChanges {
    std::vector<std::string> added;
    std::vector<ChangedSection> changed;
    std::vector<std::string> removed;

    [[nodiscard]] bool empty() const noexcept { return added.empty() && changed.empty() && removed.empty(); }
    bool operator==(const SectionChanges&) const = default;
};

/// How two configurations differ. It tells which keys changed and never a value, since that may be a secret.
struct Changes {
    std::vector<std::string> keys;  ///< of the single tables, with them: `daemon.log_level`
    SectionChanges providers;
    SectionChanges sinks;

    [[nodiscard]] bool empty() const noexcept { return keys.empty() && providers.empty() && sinks.empty(); }
    /// One line: `changed daemon.log_level; added sink log; changed sink ops: url`; `nothing changed`.
    [[nodiscard]] std::string text() const;

    bool operator==(const Changes&) const = default;
};

/// The order of the tables in the files does not count.
Changes changes_between(const Config& before, const Config& after);

}  // namespace pollhook::config
