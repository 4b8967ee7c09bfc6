#pragma once

#include "pollhook/config/config.hpp"
#include "pollhook/config/diagnostics.hpp"
#include "pollhook/config/environment.hpp"

#include <boost/system/result.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pollhook::config {

/// A checked configuration, or everything that is wrong with it.
using Loaded = boost::system::result<Config, Diagnostics>;

/// What to do about a secret whose variable, file or credential is not there.
///
/// The daemon needs every secret. A client command that only looks for the admin address often may not read
/// them: systemd shows credentials to the service alone. For it the secret stays empty and keeps its
/// reference.
enum class MissingSecret : std::uint8_t { is_error, stays_empty };

/// What is wrong with one key although its value is well-formed.
struct Finding {
    std::string section;    ///< a table's name, such as `sink`
    std::size_t index = 0;  ///< which of the tables of that name, from 0
    std::string key;        ///< within the table, such as `tls.ca_file`
    std::string problem;    ///< for people, printable; names the table and the key
};

/// Judges a configuration by what its users know: whether a file or a URL serves its purpose. It is asked
/// once nothing else is wrong.
using Judge = std::function<std::vector<Finding>(const Config&)>;

/// The file that a program started with `-c named` uses: `named`, else POLLHOOK_CONFIG, else
/// /etc/pollhook/pollhook.toml. It need not exist.
std::filesystem::path find(const std::optional<std::filesystem::path>& named, const Environment& environment);

/// Reads `path` and the `conf.d/*.toml` beside it, in lexical order, and the secrets they refer to. Opens no
/// connection and writes nothing. Blocks on the file system: call it at start, or off the event loop.
Loaded load(
    const std::filesystem::path& path,
    const Environment& environment,
    MissingSecret missing_secret = MissingSecret::is_error,
    const Judge& judge = {}
);

/// The same for a text that is no file; `name` stands for the file in what it reports.
Loaded load_from_text(
    std::string_view text,
    std::string_view name,
    const Environment& environment,
    MissingSecret missing_secret = MissingSecret::is_error,
    const Judge& judge = {}
);

}  // namespace pollhook::config
