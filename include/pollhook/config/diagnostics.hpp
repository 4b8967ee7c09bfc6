#pragma once

#include <boost/assert/source_location.hpp>
#include <boost/config.hpp>

#include <compare>
#include <string>
#include <vector>

namespace pollhook::config {

/// A position in a configuration file; line and column count from 1. Line 0 means the file as a whole.
struct Place {
    std::string file;
    unsigned line = 0;
    unsigned column = 0;

    /// `pollhook.toml:3:14`, or the file alone.
    [[nodiscard]] std::string text() const;

    auto operator<=>(const Place&) const = default;
};

/// One thing that is wrong with the configuration. It never contains a secret.
struct Diagnostic {
    Place place;
    std::string message;
    std::string hint;  ///< what to do about it, such as `did you mean "events"?`; may be empty

    /// `pollhook.toml:3:14: message (hint)`, always one line that is safe for a terminal.
    [[nodiscard]] std::string text() const;
};

/// Everything that is wrong, in the order of the files and of the lines in them. Never empty as the error of
/// a load.
struct Diagnostics {
    std::vector<Diagnostic> all;

    /// One line for each.
    [[nodiscard]] std::string text() const;
};

/// Lets `Loaded::value()` throw a std::runtime_error with the whole text (Boost.System finds it by its name).
BOOST_NORETURN void throw_exception_from_error(
    const Diagnostics& diagnostics, const boost::source_location& where
);

}  // namespace pollhook::config
