#include "commands.hpp"
#include "exit_code.hpp"
#include "import_line.hpp"
#include "line_reader.hpp"
#include "output.hpp"
#include "pollhook/base/byte_order_mark.hpp"
#include "pollhook/base/text.hpp"
#include "progress_line.hpp"
#include "session.hpp"
#include "terminal.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <system_error>
#include <utility>

namespace pollhook::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t batch_lines = 1000;
/// Well below the 8 MiB that the API takes.
constexpr std::size_t batch_bytes = 4UL * 1024 * 1024;
/// A producer may give a line now and then: its tasks are watched soon all the same.
constexpr std::chrono::seconds longest_delay{1};

/// Sends lines in batches and counts what became of them. Holds one batch.
class Import {
public:
    explicit Import(AdminClient& daemon) : daemon_(daemon) {}

    void reject(std::size_t line_number, std::string_view why)
    {
        progress_.clear();
        fmt::print(stderr, "pollhook: line {}: {}\n", line_number, why);
        ++rejected_;
    }

    /// A failure when the daemon took no more.
    std::optional<Failure> add(std::size_t line_number, const std::string& registration)
    {
        if (body_.size() + registration.size() >= batch_bytes)
            if (auto failure = flush())
                return failure;
        if (body_.empty())
            due_ = LineReader::Clock::now() + longest_delay;
        body_ += registration;
        body_ += '\n';
        line_numbers_.push_back(line_number);
        return line_numbers_.size() == batch_lines ? flush() : std::nullopt;
    }

    /// When the batch goes, full or not, unless there is more at once; none while it is empty.
    [[nodiscard]] std::optional<LineReader::Clock::time_point> due() const noexcept { return due_; }

    std::optional<Failure> flush()
    {
        if (line_numbers_.empty())
            return std::nullopt;
        due_.reset();
        const auto answer = register_many(daemon_, std::exchange(body_, {}), "application/x-ndjson");
        if (!answer)
            return answer.error();
        const auto result = read_object(*answer);
        if (!result)
            return result.error();
        accepted_ += count_of(*result, "accepted");
        existing_ += count_of(*result, "existing");
        kept_ += count_of(*result, "keptTotal");
        for (const json::value& value : array_of(*result, "rejected")) {
            const json::object* one = value.if_object();
            const std::uint64_t index = one != nullptr ? count_of(*one, "index") : line_numbers_.size();
            if (index < line_numbers_.size())
                reject(line_numbers_[index], shown(*one, "error", 2000));
        }
        last_line_ = line_numbers_.back();
        line_numbers_.clear();
        show_progress();
        return std::nullopt;
    }

    void end() { progress_.clear(); }

    [[nodiscard]] std::uint64_t accepted() const noexcept { return accepted_; }
    [[nodiscard]] std::uint64_t existing() const noexcept { return existing_; }
    /// Of the existing ones: those that keep another webhookUrl or metadata than their line has.
    [[nodiscard]] std::uint64_t kept() const noexcept { return kept_; }
    [[nodiscard]] std::uint64_t rejected() const noexcept { return rejected_; }
    /// The last line that the daemon has seen.
    [[nodiscard]] std::size_t last_line() const noexcept { return last_line_; }

private:
    /// `120000 tasks, 8500 a second`
    void show_progress()
    {
        const std::uint64_t tasks = accepted_ + existing_ + rejected_;
        const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - started_;
        const double rate = static_cast<double>(tasks) / std::max(taken.count(), 0.001);
        progress_.show(fmt::format("{} tasks, {:.0f} a second", tasks, rate));
    }

    AdminClient& daemon_;
    ProgressLine progress_;
    std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
    std::string body_;
    std::vector<std::size_t> line_numbers_;  // of the lines of `body_`
    std::optional<LineReader::Clock::time_point> due_;
    std::uint64_t accepted_ = 0;
    std::uint64_t existing_ = 0;
    std::uint64_t kept_ = 0;
    std::uint64_t rejected_ = 0;
    std::size_t last_line_ = 0;
};

std::optional<Failure> import_line(
    const LineReader& reader, std::string_view line, const TaskImportOptions& options, Import& import
)
{
    const bool is_first = reader.number() == 1;
    const std::string_view text = base::trim(is_first ? base::without_byte_order_mark(line) : line);
    if (reader.is_too_long()) {
        import.reject(reader.number(), "longer than 1 MiB");
        return std::nullopt;
    }
    if (text.empty())
        return std::nullopt;
    const auto registration = read_import_line(text, options);
    if (registration)
        return import.add(reader.number(), *registration);
    import.reject(reader.number(), registration.error());
    return std::nullopt;
}

std::optional<Failure> import_lines(int descriptor, const TaskImportOptions& options, Import& import)
{
    LineReader reader(descriptor);
    std::string line;
    for (;;) {
        const LineReader::Read read = reader.next(line, import.due());
        auto failure =
            read == LineReader::Read::line ? import_line(reader, line, options, import) : import.flush();
        if (failure)
            return failure;
        if (read == LineReader::Read::end)
            break;
    }
    if (!reader.error())
        return std::nullopt;
    Failure failure;
    failure.message =
        fmt::format("cannot read {}: {}", base::printable(options.file), reader.error().message());
    return failure;
}

void print_result(const Import& import, OutputFormat output)
{
    if (output == OutputFormat::table) {
        print(fmt::format(
            "{} new, {} known already, {} rejected\n", import.accepted(), import.existing(), import.rejected()
        ));
        return;
    }
    json::object result;
    result["accepted"] = import.accepted();
    result["existing"] = import.existing();
    result["rejected"] = import.rejected();
    print_line(result);
}

}  // namespace

int task_import(const TaskImportOptions& options, const ClientOptions& client)
{
    auto session = open_session(client);
    if (!session)
        return report(session.error());
    const bool is_standard_input = options.file == "-";
    const int descriptor =
        is_standard_input ? STDIN_FILENO : open(options.file.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        print_error(fmt::format(
            "cannot open {}: {}", base::printable(options.file), std::generic_category().message(errno)
        ));
        return exit_code::bad_input;
    }
    Import import((*session)->daemon);
    auto failure = import_lines(descriptor, options, import);
    if (!is_standard_input)
        close(descriptor);
    import.end();
    print_result(import, (*session)->output);
    tell_kept_total(import.kept());
    if (failure) {
        if (failure->hint.empty())
            failure->hint = fmt::format(
                "the lines up to {} are done; what is known already may be imported again", import.last_line()
            );
        return report(*failure);
    }
    return import.rejected() > 0 ? exit_code::bad_input : exit_code::ok;
}

}  // namespace pollhook::cli
