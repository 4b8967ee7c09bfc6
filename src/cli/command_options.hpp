#pragma once

#include "commands.hpp"
#include "pollhook/base/time.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

namespace pollhook::cli {

// The options and arguments of commands, in the forms that several of them take.

/// Puts more text before the example; the list of commands shows the short one alone.
void explain(CLI::App& app, const std::string& text);

/// A positional argument's form: its name says it all, and an empty form would show the type.
inline constexpr const char* no_default = " ";

/// An option or, without dashes in its name, a positional argument; `form` is how help shows its value.
template <class Value>
CLI::Option* add_value(
    CLI::App& app, const std::string& name, Value& value, const std::string& form, const std::string& text
)
{
    return app.add_option(name, value, text)->option_text(form);
}

/// The same for a value that needs reading; `read` throws CLI::ValidationError.
template <class Read>
CLI::Option* add_reader(
    CLI::App& app, const std::string& name, Read read, const std::string& form, const std::string& text
)
{
    return app.add_option_function<std::string>(name, std::move(read), text)->option_text(form);
}

CLI::Option* add_path(
    CLI::App& app,
    const std::string& name,
    std::optional<std::filesystem::path>& path,
    const std::string& form,
    const std::string& text
);

void add_limit(CLI::App& app, std::size_t& limit);
void add_paging(CLI::App& app, Paging& paging);

/// A point in time, or how long ago it was.
CLI::Option* add_time(
    CLI::App& app,
    const std::string& name,
    std::optional<base::TimePoint>& time,
    base::TimePoint now,
    const std::string& text
);

/// How fast a job goes.
void add_pace(CLI::App& app, std::optional<double>& rate, bool& no_wait);

inline constexpr const char* config_text =
    "The configuration; else POLLHOOK_CONFIG, else /etc/pollhook/pollhook.toml";

void add_task_key(CLI::App& app, std::string& provider);

}  // namespace pollhook::cli
