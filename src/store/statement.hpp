#pragma once

#include "pollhook/base/time.hpp"

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Statement.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace pollhook::store {

/// `due` of a claimed delivery: it keeps its place in the index of heads, after everything that can become
/// due.
inline constexpr std::int64_t claimed_due = std::numeric_limits<std::int64_t>::max();

/// Bytes that are bound as a BLOB.
struct Blob {
    const std::string& bytes;
};

namespace detail {

template <class T>
constexpr std::int64_t to_int64(T value) noexcept
{
    if constexpr (std::is_same_v<T, std::int64_t>)
        return value;
    else
        return static_cast<std::int64_t>(value);
}

inline void bind(SQLite::Statement& statement, int index, const std::string& text)
{
    statement.bindNoCopy(index, text);
}
void bind(SQLite::Statement& statement, int index, std::string&& text) = delete;
inline void bind(SQLite::Statement& statement, int index, Blob blob)
{
    statement.bindNoCopy(index, blob.bytes.data(), static_cast<int>(blob.bytes.size()));
}
inline void bind(SQLite::Statement& statement, int index, base::TimePoint time)
{
    statement.bind(index, base::to_unix_ms(time));
}
inline void bind(SQLite::Statement& statement, int index, base::Duration duration)
{
    statement.bind(index, to_int64(duration.count()));
}
inline void bind(SQLite::Statement& statement, int index, std::nullopt_t)
{
    statement.bind(index);
}
template <class T>
    requires(std::is_arithmetic_v<T> || std::is_enum_v<T>)
void bind(SQLite::Statement& statement, int index, T value)
{
    statement.bind(index, to_int64(value));
}
template <class T>
void bind(SQLite::Statement& statement, int index, const std::optional<T>& value)
{
    if (value)
        bind(statement, index, *value);
    else
        statement.bind(index);
}

}  // namespace detail

/// One run of a prepared statement: binds its parameters in order, and resets it at the end of the scope.
/// Text and blobs are not copied; they must live until then (a temporary string does not compile).
class Run {
public:
    template <class... Args>
    explicit Run(SQLite::Statement& statement, Args&&... args) : statement_(statement)
    {
        int index = 0;
        (detail::bind(statement_, ++index, std::forward<Args>(args)), ...);
    }
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;
    ~Run() { statement_.tryReset(); }

    /// Binds one parameter more, by its number.
    template <class T>
    void bind(int index, const T& value)
    {
        detail::bind(statement_, index, value);
    }

    /// False after the last row.
    bool next() { return statement_.executeStep(); }
    /// For statements without rows; how many rows they changed.
    int execute() { return statement_.exec(); }

    [[nodiscard]] std::int64_t integer(int column) const { return statement_.getColumn(column).getInt64(); }
    [[nodiscard]] std::string text(int column) const { return statement_.getColumn(column).getString(); }
    [[nodiscard]] bool is_null(int column) const { return statement_.getColumn(column).isNull(); }
    [[nodiscard]] base::TimePoint time(int column) const { return base::from_unix_ms(integer(column)); }
    [[nodiscard]] std::optional<base::TimePoint> optional_time(int column) const
    {
        return is_null(column) ? std::nullopt : std::optional(time(column));
    }
    /// A stored number as the type it was bound from.
    template <class T>
    [[nodiscard]] T as(int column) const
    {
        return static_cast<T>(integer(column));
    }

private:
    SQLite::Statement& statement_;
};

/// Runs a statement that yields no rows; how many rows it changed.
template <class... Args>
int execute(SQLite::Statement& statement, Args&&... args)
{
    Run run(statement, std::forward<Args>(args)...);
    return run.execute();
}

}  // namespace pollhook::store
