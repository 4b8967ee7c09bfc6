#pragma once

#include "admin_client.hpp"
#include "commands.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pollhook::cli {

enum class Style : std::uint8_t { plain, bold, dim, good, bad, warning, active };

/// `text` in the style's colour, when there are colours.
std::string styled(std::string_view text, Style style, bool with_color);

/// The colour of a state: of a task, a delivery, a sink, a provider or a breaker.
Style style_of(std::string_view state) noexcept;

struct Cell {
    std::string text;  ///< safe to print
    Style style = Style::plain;
};

/// Columns aligned by what a terminal shows. Rows may be printed in portions; the titles come once, and no
/// column becomes narrower.
class Table {
public:
    Table(std::vector<std::string> titles, bool with_color);

    void add(std::vector<Cell> row);
    /// What was added since the last time, as text; empty when nothing was.
    [[nodiscard]] std::string take();
    [[nodiscard]] bool is_empty() const noexcept { return rows_.empty(); }

private:
    void append_row(std::string& out, const std::vector<Cell>& row) const;

    std::vector<std::string> titles_;
    std::vector<std::size_t> widths_;
    std::vector<std::vector<Cell>> rows_;
    bool with_color_;
    bool titled_ = false;
};

// Members of the API's objects, safe to print; `-` for what is null, absent or of another kind.

std::string shown(const boost::json::object& object, std::string_view name, std::size_t limit = 200);
/// An RFC 3339 time without its milliseconds.
std::string shown_time(const boost::json::object& object, std::string_view name);
Cell shown_state(const boost::json::object& object, std::string_view name);

/// The array under `name`; an empty one when there is none.
const boost::json::array& array_of(const boost::json::object& object, std::string_view name);
/// The object under `name`; an empty one when there is none.
const boost::json::object& object_of(const boost::json::object& object, std::string_view name);

/// To standard output.
void print(std::string_view text);
/// One object a line.
void print_line(const boost::json::value& value);

/// Shows a failure; gives its exit code.
int report(const Failure& failure);

}  // namespace pollhook::cli
