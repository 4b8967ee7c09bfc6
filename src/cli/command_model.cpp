#include "command_model.hpp"

#include "choices.hpp"
#include "command_tree.hpp"

#include <algorithm>
#include <sstream>

namespace pollhook::cli {
namespace {

/// What the configuration names and this option takes: an argument for "pollhook names"; empty: nothing.
std::string named_things(const CLI::App& app, const CLI::Option& option)
{
    const std::string name = option.get_name();
    if (name == "--sink" || (name == "NAME" && app.get_parent()->get_name() == "sink"))
        return "sinks";
    if (name == "--provider" || name == "PROVIDER" ||
        (name == "NAME" && app.get_parent()->get_name() == "provider"))
        return "providers";
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
    model.choices = choices_of(app.get_name(), option.get_name());
    model.names_of = named_things(app, option);
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
