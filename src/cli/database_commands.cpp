#include "commands.hpp"
#include "configured_database.hpp"
#include "exit_code.hpp"
#include "output.hpp"
#include "pollhook/base/text.hpp"
#include "pollhook/store/invariants.hpp"
#include "pollhook/store/sqlite_store.hpp"
#include "progress_line.hpp"
#include "terminal.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <utility>

namespace pollhook::cli {
namespace {

namespace json = boost::json;

json::object to_json(const store::Violation& violation)
{
    json::object object{{"invariant", violation.invariant}, {"what", violation.what}};
    object["taskRow"] = nullptr;
    if (violation.task)
        object["taskRow"] = static_cast<std::int64_t>(*violation.task);
    object["provider"] = violation.key.provider;
    object["id"] = violation.key.id;
    object["sink"] = nullptr;
    if (violation.sink)
        object["sink"] = static_cast<std::int32_t>(*violation.sink);
    object["sequence"] = nullptr;
    if (violation.sequence > 0)
        object["sequence"] = violation.sequence;
    return object;
}

/// Shows what is found, in one of the three formats, and how far the check is where somebody looks.
class CheckReport {
public:
    explicit CheckReport(const DbCheckOptions& options)
        : output_(options.output),
          table_(
              {"INVARIANT", "PROVIDER", "TASK", "ROW", "SINK", "SEQUENCE", "WHAT"},
              wants_color(options.color, STDOUT_FILENO)
          )
    {
    }

    void add(const store::Violation& violation)
    {
        clear_progress();
        const json::object object = to_json(violation);
        if (output_ == OutputFormat::ndjson)
            print_line(object);
        else if (output_ == OutputFormat::json)
            all_.push_back(object);
        else
            print_row(object);
    }
    void show_progress(std::uint64_t tasks, std::uint64_t all)
    {
        progress_.show(fmt::format("{} of {} tasks", tasks, all));
    }
    void clear_progress() { progress_.clear(); }
    void end(const std::filesystem::path& file, const store::InvariantCheck& check)
    {
        clear_progress();
        if (output_ == OutputFormat::json)
            print_line(
                {{"file", file.string()},
                 {"tasks", check.tasks},
                 {"transitions", check.transitions},
                 {"deliveries", check.deliveries},
                 {"violations", std::move(all_)}}
            );
        if (output_ == OutputFormat::table)
            print(fmt::format(
                "{}: {}, {} tasks, {} steps, {} deliveries\n",
                base::printable(file.string()),
                check.violations == 0 ? "ok" : fmt::format("{} violations", check.violations),
                check.tasks,
                check.transitions,
                check.deliveries
            ));
    }

private:
    void print_row(const json::object& object)
    {
        table_.add({
            {shown(object, "invariant"), Style::bad},
            {shown(object, "provider")},
            {shown(object, "id")},
            {shown(object, "taskRow")},
            {shown(object, "sink")},
            {shown(object, "sequence")},
            {shown(object, "what", 500)},
        });
        print(table_.take());
    }

    OutputFormat output_;
    Table table_;
    json::array all_;
    ProgressLine progress_;
};

}  // namespace

int db_check(const DbCheckOptions& options)
{
    const std::filesystem::path file = options.file ? *options.file : configured_database(options.config);
    CheckReport report(options);
    store::InvariantListener listener;
    listener.found = [&](const store::Violation& violation) { report.add(violation); };
    listener.progress = [&](std::uint64_t tasks, std::uint64_t all) { report.show_progress(tasks, all); };
    try {
        const store::InvariantCheck check = store::check_invariants(file, listener);
        report.end(file, check);
        return check.violations == 0 ? exit_code::ok : exit_code::failed;
    } catch (const store::StartError& failure) {
        report.clear_progress();
        print_error(base::printable(failure.what(), 500));
        return exit_code::bad_input;
    }
}

}  // namespace pollhook::cli
