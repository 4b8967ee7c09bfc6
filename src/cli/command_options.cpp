#include "command_options.hpp"

namespace pollhook::cli {
namespace {

constexpr std::size_t most_rows = 1000;

}  // namespace

void explain(CLI::App& app, const std::string& text)
{
    app.footer(text + "\n\n" + app.get_footer());
}

CLI::Option* add_path(
    CLI::App& app,
    const std::string& name,
    std::optional<std::filesystem::path>& path,
    const std::string& form,
    const std::string& text
)
{
    return add_reader(app, name, [&path](const std::string& word) { path = word; }, form, text);
}

void add_limit(CLI::App& app, std::size_t& limit)
{
    add_value(app, "--limit", limit, "N=50", "How many to show, 1 to 1000")
        ->check(CLI::Range(std::size_t{1}, most_rows));
}

void add_paging(CLI::App& app, Paging& paging)
{
    add_limit(app, paging.limit);
    app.add_flag("--all", paging.all, "All of them, whatever --limit says");
    add_value(app, "--cursor", paging.cursor, "CURSOR", "Go on after an earlier list: its nextCursor");
}

CLI::Option* add_time(
    CLI::App& app,
    const std::string& name,
    std::optional<base::TimePoint>& time,
    base::TimePoint now,
    const std::string& text
)
{
    const auto read = [&time, now, name](const std::string& word) {
        time = base::parse_rfc3339(word);
        if (const auto ago = base::parse_duration(word))
            time = now - *ago;
        if (!time)
            throw CLI::ValidationError(
                name, "must be a time such as 2026-11-21T03:18:39Z, or as long ago as 2h"
            );
    };
    return add_reader(app, name, read, "TIME", text + ": 2026-11-21T03:18:39Z, or as long ago as 2h");
}

void add_pace(CLI::App& app, std::optional<double>& rate, bool& no_wait)
{
    const auto read = [&rate](const double& number) { rate = number; };
    app.add_option_function<double>("--rate", read, "Deliveries a second")
        ->option_text("N=100")
        ->check(CLI::Range(0.001, 100'000.0));
    app.add_flag("--no-wait", no_wait, "Only start it; it goes on by itself, also after a restart");
}

void add_task_key(CLI::App& app, std::string& provider)
{
    add_value(app, "PROVIDER", provider, no_default, "The provider's name in the configuration")->required();
}

}  // namespace pollhook::cli
