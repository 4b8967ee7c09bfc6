#include "command_model.hpp"

#include "command_tree.hpp"
#include "pollhook/config/events.hpp"

#include <algorithm>
#include <sstream>

namespace pollhook::cli {
namespace {

using Words = std::vector<std::string>;

/// The values of options that have a short list of them, wherever they are.
Words choices_of(const CLI::App& app, const std::string& name)
{
    if (name == "--output")
        return {"table", "json", "ndjson"};
    if (name == "--color")
        return {"auto", "always", "never"};
    if (name == "SHELL")
        return {"bash", "zsh", "fish"};
    if (name == "--auth")
        return {"bearer", "raw", "mj-api-secret"};
    if (name == "--status")
        return {
            "queued", "running", "waiting", "succeeded", "failed", "cancelled", "lost", "expired", "unknown"
        };
    if (name == "--state" && app.get_name() == "retry")
        return {"dead", "cancelled", "superseded", "delivered"};
    if (name == "--state")
        return {"pending", "inFlight", "delivered", "dead", "superseded", "cancelled"};
    if (name == "--type") {
        const auto types = config::event_types();
        return {types.begin(), types.end()};
    }
    return {};
}

OptionModel model_of(const CLI::App& app, const CLI::Option& option)
{
    OptionModel model;
    for (const std::string& name : option.get_snames())
        model.names.push_back("-" + name);
    for (const std::string& name : option.get_lnames())
        model.names.push_back("--" + name);
    const std::string positional = option.get_name(true, false);
    if (model.names.empty() || option.get_positional())
        model.positional = positional;
    std::string form = option.get_items_expected_max() == 0 ? "" : option.get_option_text();
    model.is_repeated = form.ends_with("...");
    if (model.is_repeated)
        form.resize(form.size() - 3);
    if (const auto equals = form.find('='); equals != std::string::npos) {
        model.fallback = form.substr(equals + 1);
        form.resize(equals);
    }
    if (form == " ")
        form.clear();
    if (form.empty() && option.get_items_expected_max() > 0 && !model.names.empty())
        form = "FILE";  // the configuration's, which may be positional too
    model.form = form;
    model.text = option.get_description();
    model.is_required = option.get_required();
    model.choices = choices_of(app, model.names.empty() ? model.positional : model.names.back());
    return model;
}

CommandModel model_of(const CLI::App& app)
{
    CommandModel model;
    model.name = app.get_name();
    model.text = app.get_description();
    std::istringstream footer(app.get_footer());
    bool in_example = false;
    for (std::string line; std::getline(footer, line);) {
        if (line == "Example:")
            in_example = true;
        else if (in_example && !line.empty())
            model.examples.push_back(line.substr(std::min(line.find_first_not_of(' '), line.size())));
        else if (!in_example && !line.empty())
            model.notes += (model.notes.empty() ? "" : " ") + line;
    }
    for (const bool positional : {true, false})
        for (const CLI::Option* option : app.get_options())
            if (option->get_positional() == positional)
                model.options.push_back(model_of(app, *option));
    for (const CLI::App* command :
         app.get_subcommands([](const CLI::App* one) { return !one->get_group().empty(); }))
        model.commands.push_back(model_of(*command));
    return model;
}

}  // namespace

bool OptionModel::is_file() const noexcept
{
    return form == "FILE" || positional == "FILE";
}

CommandModel CommandTree::model() const
{
    return model_of(app_);
}

CommandModel command_model()
{
    return CommandTree(base::TimePoint{}).model();
}

}  // namespace pollhook::cli
