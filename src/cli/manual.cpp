#include "command_model.hpp"
#include "pollhook/config/descriptor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>

// Manual pages in mdoc(7), which groff and mandoc both read.

namespace pollhook::cli {
namespace {

/// A text as roff shows it: nothing in it is a request or an escape.
std::string roff(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        if (c == '\\')
            out += "\\e";
        else if (c == '-')
            out += "\\-";
        else if (c == '"')
            out += "\\(dq";
        else if (out.empty() && (c == '.' || c == '\''))
            out += std::string("\\&") + c;
        else
            out += c;
    }
    return out;
}

/// A text as an argument of a macro: also a word that is a macro's name, or punctuation, stays a word.
std::string argument(std::string_view text)
{
    return "\"\\&" + roff(text) + "\"";
}

/// Flowing text, a sentence a line, as mdoc wants it.
std::string prose(std::string_view text)
{
    std::string out;
    while (!text.empty()) {
        auto end = text.find(". ");
        const std::string_view sentence = text.substr(0, end == std::string_view::npos ? end : end + 1);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
        out += roff(sentence) + "\n";
    }
    return out;
}

/// A description that is a phrase in help becomes a sentence.
std::string sentence(std::string text)
{
    if (!text.empty() && !text.ends_with('.'))
        text += '.';
    return prose(text);
}

std::string head(std::string_view title, std::string_view section, std::string_view date)
{
    return fmt::format(".Dd {}\n.Dt {} {}\n.Os\n", date.empty() ? "$Mdocdate$" : date, title, section);
}

std::string item_of(const OptionModel& option)
{
    std::string out = ".It ";
    if (option.names.empty())
        out += "Ar " + argument(option.positional);
    for (std::size_t i = 0; i < option.names.size(); ++i) {
        if (i > 0)
            out += " , ";
        out += "Fl " + argument(option.names[i].substr(1));
    }
    if (!option.names.empty() && !option.form.empty())
        out += " Ar " + argument(option.form);
    return out + "\n";
}

std::string text_of(const OptionModel& option)
{
    std::string out = sentence(option.text);
    if (!option.fallback.empty())
        out += fmt::format("Default: {}.\n", roff(option.fallback));
    if (option.is_repeated)
        out += "It may be given several times.\n";
    return out;
}

std::string list_of(const std::vector<OptionModel>& options)
{
    std::string out = ".Bl -tag -width Ds\n";
    for (const OptionModel& option : options)
        out += item_of(option) + text_of(option);
    return out + ".El\n";
}

bool is_same(const OptionModel& a, const OptionModel& b)
{
    return a.names == b.names && a.text == b.text;
}

/// The options that client commands share are told once.
std::vector<OptionModel> own_options(const CommandModel& command, const std::vector<OptionModel>& shared)
{
    std::vector<OptionModel> own;
    for (const OptionModel& option : command.options)
        if (std::ranges::none_of(shared, [&](const OptionModel& one) { return is_same(one, option); }))
            own.push_back(option);
    return own;
}

std::string synopsis_of(const CommandModel& command, const std::vector<OptionModel>& shared)
{
    std::string out;
    for (const OptionModel& option : own_options(command, shared)) {
        if (option.positional.empty())
            continue;
        out += (option.is_required ? " Ar " : " Op Ar ") + argument(option.positional);
        if (option.is_repeated)
            out += " ...";
    }
    return out;
}

std::string section_of(
    const CommandModel& command, const std::string& path, const std::vector<OptionModel>& shared
)
{
    if (!command.commands.empty()) {
        std::string out;
        for (const CommandModel& below : command.commands)
            out += section_of(below, path + " " + below.name, shared);
        return out;
    }
    const std::vector<OptionModel> own = own_options(command, shared);
    std::string out = fmt::format(".Ss {}\n", roff(path));
    out += fmt::format(".D1 Nm Cm {}", argument(path)) + " Oo Ar options Oc" + synopsis_of(command, shared) +
           "\n.Pp\n";
    out += sentence(command.text) + prose(command.notes);
    if (!own.empty())
        out += list_of(own);
    if (!command.examples.empty()) {
        out += ".Bd -literal -offset indent\n";
        for (const std::string& line : command.examples)
            out += roff(line) + "\n";
        out += ".Ed\n";
    }
    return out;
}

const CommandModel& at(const CommandModel& program, std::string_view name)
{
    return *std::ranges::find(program.commands, name, &CommandModel::name);
}

constexpr std::string_view exit_codes = R"(.Sh EXIT STATUS
.Bl -tag -width Ds
.It 0
Done.
.It 1
Failed.
.It 64
The command line is wrong.
.It 65
A file or an argument's content is wrong.
.It 69
No daemon answers at the admin address.
.It 78
The configuration is wrong.
.El
.Pp
.Cm task wait
tells what became of the task: 0 succeeded, 1 failed, 2 cancelled, 3 lost or expired, 4 no longer watched, 124
time\-out.
)";

constexpr std::string_view environment = R"(.Sh ENVIRONMENT
.Bl -tag -width Ds
.It Ev POLLHOOK_CONFIG
The configuration, where
.Fl c
does not say.
.It Ev POLLHOOK_ADMIN
The admin address, where
.Fl \-admin
does not say.
.It Ev POLLHOOK_ADMIN_TOKEN
The token, where
.Fl \-token\-file
does not say.
.It Ev POLLHOOK_SECRET
Keys for
.Cm sign
and
.Cm verify .
.It Ev POLLHOOK_WEBHOOK_SECRET
Signing secrets for
.Cm listen .
.It Ev NO_COLOR
No colours, unless
.Fl \-color
says so.
.El
)";

std::string_view form_of(const config::Descriptor& key)
{
    using config::ValueType;
    switch (key.type) {
        case ValueType::boolean: return "true or false";
        case ValueType::integer: return "a whole number";
        case ValueType::number: return "a number";
        case ValueType::duration: return "a duration such as \"15s\"";
        case ValueType::durations: return "a list of durations";
        case ValueType::size: return "a size such as \"64KiB\"";
        case ValueType::choice: return "one of the words below";
        case ValueType::url:
        case ValueType::base_url:
        case ValueType::proxy_url: return "a URL";
        case ValueType::host: return "a host";
        case ValueType::path: return "an absolute path";
        case ValueType::secret:
        case ValueType::pass_phrase:
        case ValueType::signing_secret:
        case ValueType::signing_key: return "a secret";
        case ValueType::signing_secrets: return "a list of secrets";
        case ValueType::names:
        case ValueType::words:
        case ValueType::networks:
        case ValueType::hosts:
        case ValueType::addresses:
        case ValueType::event_patterns:
        case ValueType::task_event_patterns: return "a list of texts";
        case ValueType::headers:
        case ValueType::metadata_filters: return "a table";
        default: return "a text";
    }
}

std::string entry_of(const config::Descriptor& key)
{
    std::string out = fmt::format(".It Ic {}\n", argument(key.key));
    out += sentence(key.text);
    std::string form(form_of(key));
    form.front() = 'A' + (form.front() - 'a');
    out += roff(form);
    if (const std::string range = key.range_text(); !range.empty())
        out += ", " + roff(range);
    out += ".\n";
    if (!key.choices.empty()) {
        std::string words;
        for (const std::string& choice : key.choices)
            words += (words.empty() ? "" : ", ") + choice;
        out += fmt::format("One of: {}.\n", roff(words));
    }
    if (!key.fits.empty())
        out += fmt::format("Only for the type {}.\n", roff(key.fits));
    if (key.required)
        out += "Required.\n";
    if (!key.default_text.empty())
        out += fmt::format("Default: {}\n", roff(key.default_text));
    if (key.reload == config::Reload::restart)
        out += "A change needs a restart.\n";
    return out;
}

}  // namespace

std::string command_manual(const CommandModel& program, std::string_view date)
{
    // Those of a command that has no others.
    const std::vector<OptionModel> shared = at(program, "status").options;
    std::string out = head("POLLHOOK", "8", date);
    out += ".Sh NAME\n.Nm pollhook\n.Nd watch generation tasks at relays and post signed webhooks\n";
    out += ".Sh SYNOPSIS\n.Nm\n.Ar command\n.Op Ar options\n.Op Ar argument ...\n";
    out += ".Sh DESCRIPTION\n" + prose(program.text) +
           "The daemon is configured by the file that\n.Xr pollhook.toml 5\ndescribes.\n"
           "All other commands are clients of its admin address, or work by themselves.\n"
           "Data goes to standard output, diagnostics to standard error.\n.Pp\n"
           "Options that the client commands share:\n";
    out += list_of(shared);
    out += ".Sh COMMANDS\n";
    for (const CommandModel& command : program.commands)
        out += section_of(command, command.name, shared);
    out += environment;
    out += ".Sh FILES\n.Bl -tag -width Ds\n.It Pa /etc/pollhook/pollhook.toml\nThe configuration.\n.El\n";
    out += exit_codes;
    return out + ".Sh SEE ALSO\n.Xr pollhook.toml 5\n";
}

std::string configuration_manual(std::string_view date)
{
    std::string out = head("POLLHOOK.TOML", "5", date);
    out += R"(.Sh NAME
.Nm pollhook.toml
.Nd configuration of pollhook
.Sh DESCRIPTION
The configuration is a TOML 1.0 file.
It is the one that
.Fl c
or
.Ev POLLHOOK_CONFIG
names, else
.Pa /etc/pollhook/pollhook.toml .
Files
.Pa conf.d/*.toml
beside it are merged in.
.Ql pollhook config check
names every mistake with its line and column,
.Ql pollhook config init
writes a file that describes every key.
.Pp
A duration is written such as \(dq250ms\(dq, \(dq15s\(dq, \(dq2h\(dq or \(dq30d\(dq.
A secret is a text, or one of
.Ql { env = \(dqNAME\(dq } ,
.Ql { file = \(dq/path\(dq }
and
.Ql { credential = \(dqname\(dq } ,
which systemd provides.
)";
    for (const config::TableDescriptor& table : config::tables()) {
        out +=
            fmt::format(".Sh {}\n", roff(table.repeated ? "[[" + table.name + "]]" : "[" + table.name + "]"));
        out += sentence(table.text);
        if (table.repeated)
            out += "It may be given any number of times.\n";
        out += ".Bl -tag -width Ds\n";
        for (const config::Descriptor& key : config::descriptors())
            if (key.table == table.name)
                out += entry_of(key);
        out += ".El\n";
    }
    return out + ".Sh SEE ALSO\n.Xr pollhook 8\n";
}

}  // namespace pollhook::cli
