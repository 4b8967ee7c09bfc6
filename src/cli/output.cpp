#include "output.hpp"

#include "display_width.hpp"
#include "plain_text.hpp"
#include "pollhook/base/plain_json.hpp"
#include "terminal.hpp"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <utility>

namespace pollhook::cli {
namespace {

namespace json = boost::json;

const json::value* member(const json::object& object, std::string_view name)
{
    return object.if_contains({name.data(), name.size()});
}

std::string_view escape_sequence(Style style) noexcept
{
    switch (style) {
        case Style::plain: return {};
        case Style::bold: return "\x1b[1m";
        case Style::dim: return "\x1b[2m";
        case Style::good: return "\x1b[32m";
        case Style::bad: return "\x1b[31m";
        case Style::warning: return "\x1b[33m";
        case Style::active: return "\x1b[36m";
    }
    return {};
}

}  // namespace

std::string styled(std::string_view text, Style style, bool with_color)
{
    const std::string_view begin = escape_sequence(style);
    if (!with_color || begin.empty())
        return std::string(text);
    return fmt::format("{}{}\x1b[0m", begin, text);
}

Style style_of(std::string_view state) noexcept
{
    if (state == "succeeded" || state == "delivered" || state == "ok" || state == "closed" || state == "done")
        return Style::good;
    if (state == "failed" || state == "lost" || state == "expired" || state == "dead" || state == "failing" ||
        state == "keyRefused" || state == "open")
        return Style::bad;
    if (state == "waiting" || state == "cancelled" || state == "unknown" || state == "paused" ||
        state == "halfOpen")
        return Style::warning;
    if (state == "running" || state == "inFlight")
        return Style::active;
    if (state == "superseded" || state == "disabled" || state == "notConfigured")
        return Style::dim;
    return Style::plain;
}

Table::Table(std::vector<std::string> titles, bool with_color)
    : titles_(std::move(titles)),
      with_color_(with_color)
{
    std::ranges::transform(titles_, std::back_inserter(widths_), display_width);
}

void Table::add(std::vector<Cell> row)
{
    row.resize(titles_.size());
    for (std::size_t i = 0; i < row.size(); ++i)
        widths_[i] = std::max(widths_[i], display_width(row[i].text));
    rows_.push_back(std::move(row));
}

std::string Table::take()
{
    std::string out;
    if (rows_.empty())
        return out;
    if (!std::exchange(titled_, true)) {
        std::vector<Cell> titles;
        titles.reserve(titles_.size());
        for (const std::string& title : titles_)
            titles.push_back({title, Style::bold});
        append_row(out, titles);
    }
    for (const auto& row : std::exchange(rows_, {}))
        append_row(out, row);
    return out;
}

void Table::append_row(std::string& out, const std::vector<Cell>& row) const
{
    std::size_t gap = 0;  // so that no line ends in blanks
    for (std::size_t i = 0; i < row.size(); ++i) {
        const Cell& cell = row[i];
        if (!cell.text.empty()) {
            out.append(gap, ' ');
            out += styled(cell.text, cell.style, with_color_);
            gap = 0;
        }
        gap += widths_[i] - display_width(cell.text) + 2;
    }
    out += '\n';
}

std::string shown(const json::object& object, std::string_view name, std::size_t limit)
{
    const json::value* value = member(object, name);
    if (value == nullptr || value->is_null())
        return "-";
    if (value->is_string())
        return plain_text({value->get_string().data(), value->get_string().size()}, limit);
    return plain_text(base::plain_json(*value), limit);
}

std::string shown_time(const json::object& object, std::string_view name)
{
    std::string time = shown(object, name);
    const auto dot = time.find('.');
    if (dot != std::string::npos && time.ends_with('Z'))
        time.replace(dot, std::string::npos, "Z");
    return time;
}

Cell shown_state(const json::object& object, std::string_view name)
{
    Cell cell;
    cell.text = shown(object, name);
    cell.style = style_of(cell.text);
    return cell;
}

const json::array& array_of(const json::object& object, std::string_view name)
{
    static const json::array empty;
    const json::value* value = member(object, name);
    return value != nullptr && value->is_array() ? value->get_array() : empty;
}

const json::object& object_of(const json::object& object, std::string_view name)
{
    static const json::object empty;
    const json::value* value = member(object, name);
    return value != nullptr && value->is_object() ? value->get_object() : empty;
}

void print(std::string_view text)
{
    std::fwrite(text.data(), 1, text.size(), stdout);
}

void print_line(const json::value& value)
{
    print(base::plain_json(value) + '\n');
}

int report(const Failure& failure)
{
    print_error(failure.message, failure.hint);
    return failure.exit_code;
}

}  // namespace pollhook::cli
