#pragma once

#include "pollhook/config/diagnostics.hpp"

#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace pollhook::config {

/// Where each key of one table was given, by its name within the table; the table itself under the empty
/// name.
using Places = std::map<std::string, Place, std::less<>>;

/// Where the keys of a configuration stand in its files, for what is found wrong after it was read.
///
/// A table goes by `daemon`, one of several by `sink ops`.
class Positions {
public:
    /// `whole`: the place of what stands nowhere.
    void start(Place whole) { whole_ = std::move(whole); }
    void add(std::string table, Places places)
    {
        tables_.insert_or_assign(std::move(table), std::move(places));
    }

    /// Of a key that was left out: of its table, or else of the first file.
    [[nodiscard]] const Place& of(std::string_view table, std::string_view key) const;

    /// Where it stands is no part of what a configuration says.
    bool operator==(const Positions& /*other*/) const noexcept { return true; }

private:
    Place whole_;
    std::map<std::string, Places, std::less<>> tables_;
};

}  // namespace pollhook::config
