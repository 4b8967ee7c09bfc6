#include "listing.hpp"

#include "exit_code.hpp"
#include "pollhook/base/plain_json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <limits>
#include <string_view>
#include <utility>

namespace pollhook::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t largest_page = 1000;

std::string target_of(const Listing& listing, std::size_t rows, const std::string& cursor)
{
    std::string target = listing.path;
    char joint = '?';
    const auto add = [&](std::string_view name, const std::string& value) {
        if (!value.empty())
            target += fmt::format("{}{}={}", std::exchange(joint, '&'), name, percent_encoded(value));
    };
    if (listing.paging)
        add("limit", std::to_string(std::min(rows, largest_page)));
    for (const auto& [name, value] : listing.filters)
        add(name, value);
    add("cursor", cursor);
    return target;
}

/// The rows of a list in one of the three formats, page after page.
class Printer {
public:
    Printer(const Session& session, const Listing& listing)
        : listing_(listing),
          output_(session.output),
          table_(listing.titles, session.with_color)
    {
        if (output_ == OutputFormat::json)
            print("{\"" + listing_.member + "\":[");
    }

    void add(const json::value& row)
    {
        switch (output_) {
            case OutputFormat::json: print((rows_ > 0 ? "," : "") + base::plain_json(row)); break;
            case OutputFormat::ndjson: print_line(row); break;
            case OutputFormat::table:
                if (row.is_object())
                    table_.add(listing_.row(row.get_object()));
                break;
        }
        ++rows_;
    }
    void end_page() { print(table_.take()); }
    void end(const std::string& next)
    {
        if (output_ == OutputFormat::json)
            print(
                R"(],"nextCursor":)" + (next.empty() ? "null" : json::serialize(json::string(next))) + "}\n"
            );
        if (output_ == OutputFormat::table && rows_ == 0)
            fmt::print(stderr, "no {}\n", listing_.member);
        if (output_ == OutputFormat::table && !next.empty() && ::isatty(STDERR_FILENO) == 1)
            fmt::print(stderr, "there are more: --all shows them, --cursor {} goes on\n", next);
    }

private:
    const Listing& listing_;
    OutputFormat output_;
    Table table_;
    std::size_t rows_ = 0;
};

std::string next_cursor(const json::object& page)
{
    const json::value* next = page.if_contains("nextCursor");
    if (next == nullptr || !next->is_string())
        return {};
    return {next->get_string().data(), next->get_string().size()};
}

}  // namespace

int show_list(Session& session, const Listing& listing)
{
    const Paging paging = listing.paging.value_or(Paging{});
    std::size_t rest = paging.all ? std::numeric_limits<std::size_t>::max() : paging.limit;
    // Asked before the first byte is printed, so that a refusal leaves standard output empty.
    auto page = session.daemon.get_object(target_of(listing, rest, paging.cursor));
    if (!page)
        return report(page.error());
    Printer printer(session, listing);
    std::string next;
    for (;;) {
        for (const json::value& row : array_of(*page, listing.member))
            printer.add(row);
        printer.end_page();
        next = next_cursor(*page);
        // A page may be short, or empty, and not the last.
        rest -= std::min(rest, array_of(*page, listing.member).size());
        if (rest == 0 || next.empty())
            break;
        page = session.daemon.get_object(target_of(listing, rest, next));
        if (!page)
            return report(page.error());
    }
    printer.end(next);
    return exit_code::ok;
}

}  // namespace pollhook::cli
