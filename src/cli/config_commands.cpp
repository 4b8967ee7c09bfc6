#include "commands.hpp"
#include "directory_access.hpp"
#include "exit_code.hpp"
#include "output.hpp"
#include "pollhook/base/file_descriptor.hpp"
#include "pollhook/base/text.hpp"
#include "pollhook/config/default_text.hpp"
#include "pollhook/config/load.hpp"
#include "pollhook/config/schema.hpp"
#include "pollhook/config/show.hpp"
#include "pollhook/service/preflight.hpp"
#include "terminal.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace pollhook::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t longest_path = 4096;

/// `2 providers (a, b)`, `no provider`.
template <class Named>
std::string count_of(const std::vector<Named>& all, std::string_view what)
{
    if (all.empty())
        return fmt::format("no {}", what);
    std::string names;
    for (const Named& one : all)
        names += (names.empty() ? "" : ", ") + one.name;
    return fmt::format("{} {}{} ({})", all.size(), what, all.size() == 1 ? "" : "s", names);
}

std::string summary(const config::Config& config)
{
    std::string admin;
    for (const config::ListenAddress& address : config.admin.listen)
        admin += (admin.empty() ? "" : ", ") + address.text();
    return fmt::format(
        "  {}\n  {}, task webhooks {}\n  admin at {}\n  state in {}\n",
        count_of(config.providers, "provider"),
        count_of(config.sinks, "sink"),
        !config.task_webhooks.enabled                 ? "off"
        : config.task_webhooks.signing_secret.empty() ? "on, not signed"
                                                      : "on, signed",
        admin.empty() ? "no address" : admin,
        (config.daemon.state_dir / config.store.file).string()
    );
}

template <class Named>
json::array names_of(const std::vector<Named>& all)
{
    json::array names;
    for (const Named& one : all)
        names.emplace_back(one.name);
    return names;
}

/// What `config check` says, for programs.
json::object verdict_on(const std::filesystem::path& path, const config::Loaded& config)
{
    json::array errors;
    if (!config)
        for (const config::Diagnostic& one : config.error().all)
            errors.push_back({
                {"file", base::printable(one.place.file, longest_path)},
                {"line", one.place.line},
                {"column", one.place.column},
                {"message", one.message},
                {"hint", one.hint},
            });
    json::object verdict{
        {"file", base::printable(path.string(), longest_path)},
        {"valid", config.has_value()},
        {"errors", errors}
    };
    if (config) {
        verdict["providers"] = names_of(config->providers);
        verdict["sinks"] = names_of(config->sinks);
    }
    return verdict;
}

int report(const config::Diagnostics& diagnostics)
{
    fmt::print(stderr, "{}", with_line_end(diagnostics.text()));
    const std::size_t count = diagnostics.all.size();
    print_error(fmt::format("{} {} in the configuration", count, count == 1 ? "mistake" : "mistakes"));
    return exit_code::configuration;
}

/// Writes the whole text or gives the errno.
int write_all(int descriptor, std::string_view text)
{
    while (!text.empty()) {
        const ssize_t count = ::write(descriptor, text.data(), text.size());
        if (count < 0 && errno != EINTR)
            return errno;
        if (count > 0)
            text.remove_prefix(static_cast<std::size_t>(count));
    }
    return ::fsync(descriptor) == 0 ? 0 : errno;
}

int cannot_write(const std::filesystem::path& path, int error)
{
    print_error(
        fmt::format(
            "cannot write {}: {}", base::printable(path.string()), std::system_category().message(error)
        ),
        error == ENOENT ? "its directory does not exist; make it first" : ""
    );
    return exit_code::failed;
}

}  // namespace

int config_check(const ConfigCheckOptions& options)
{
    const auto environment = config::process_environment();
    const std::filesystem::path path = config::find(options.file, environment);
    const auto config = config::load(path, environment, config::MissingSecret::is_error, service::preflight);
    if (options.output != OutputFormat::table)
        print_line(verdict_on(path, config));
    if (!config)
        return report(config.error());
    if (options.output != OutputFormat::table)
        return exit_code::ok;
    fmt::print("{}: ok\n{}", base::printable(path.string()), summary(*config));
    for (const std::string& note : inaccessible(*config))
        fmt::print(stderr, "note: {}\n", note);
    return exit_code::ok;
}

int config_show(const ConfigShowOptions& options)
{
    const auto environment = config::process_environment();
    const auto config = config::load(
        config::find(options.file, environment), environment, config::MissingSecret::stays_empty
    );
    if (!config)
        return report(config.error());
    if (options.output == OutputFormat::table)
        fmt::print("{}", with_line_end(config::show(*config)));
    else
        print_line(boost::json::parse(config::show_json(*config)));
    return exit_code::ok;
}

int config_schema(const ConfigSchemaOptions& /*options*/)
{
    print_line(config::schema());
    return exit_code::ok;
}

int config_init(const ConfigInitOptions& options)
{
    if (options.file && *options.file == "-") {
        fmt::print("{}", config::default_config_text());
        return exit_code::ok;
    }
    const std::filesystem::path path = config::find(options.file, config::process_environment());
    // It may come to hold keys, so nobody else reads it.
    constexpr mode_t mode = 0640;
    const base::FileDescriptor file(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
    );
    if (!file.is_open() && errno == EEXIST) {
        print_error(
            fmt::format("{} exists already and is never overwritten", base::printable(path.string())),
            "\"pollhook config init -\" prints the text"
        );
        return exit_code::failed;
    }
    if (!file.is_open())
        return cannot_write(path, errno);
    const int error = write_all(file.get(), config::default_config_text());
    if (error != 0) {
        std::error_code ignored;
        std::filesystem::remove(path, ignored);
        return cannot_write(path, error);
    }
    fmt::print(
        stderr,
        "{} written; next: add a [[provider]], then \"pollhook config check\"\n",
        base::printable(path.string())
    );
    return exit_code::ok;
}

}  // namespace pollhook::cli
