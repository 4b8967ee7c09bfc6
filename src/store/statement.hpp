#pragma once

#include "pollhook/base/time.hpp"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace pollhook::store {

/// Bytes that are bound as a BLOB; none: NULL.
struct Blob {
    std::optional<std::string_view> bytes;
};

/// A prepared statement. Thinner than SQLiteCpp's, whose columns share ownership of the statement: that is
/// felt when a delivery may cost no more than a few microseconds.
class Statement {
public:
    /// Throws SQLite::Exception. `database` must outlive this.
    Statement(SQLite::Database& database, const std::string& sql) : database_(database.getHandle())
    {
        check(sqlite3_prepare_v3(
            database_,
            sql.c_str(),
            static_cast<int>(sql.size()) + 1,
            SQLITE_PREPARE_PERSISTENT,
            &statement_,
            nullptr
        ));
    }
    Statement(Statement&& other) noexcept
        : database_(other.database_),
          statement_(std::exchange(other.statement_, nullptr))
    {
    }
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;
    Statement& operator=(Statement&&) = delete;
    ~Statement() { sqlite3_finalize(statement_); }

    /// Text and blobs are not copied; they must live until the statement is reset or bound anew.
    void bind(int index, std::string_view text)
    {
        check(sqlite3_bind_text(
            statement_,
            index,
            text.data() == nullptr ? "" : text.data(),
            static_cast<int>(text.size()),
            SQLITE_STATIC
        ));
    }
    void bind(int index, const std::string& text) { bind(index, std::string_view(text)); }
    void bind(int index, std::string&& text) = delete;
    void bind(int index, Blob blob)
    {
        if (!blob.bytes)
            return bind(index, std::nullopt);
        const char* bytes = blob.bytes->data() == nullptr ? "" : blob.bytes->data();
        check(sqlite3_bind_blob(statement_, index, bytes, static_cast<int>(blob.bytes->size()), SQLITE_STATIC)
        );
    }
    void bind(int index, base::TimePoint time) { bind(index, base::to_unix_ms(time)); }
    void bind(int index, base::Duration duration) { bind(index, duration.count()); }
    void bind(int index, double value) { check(sqlite3_bind_double(statement_, index, value)); }
    void bind(int index, std::nullopt_t) { check(sqlite3_bind_null(statement_, index)); }
    template <class T>
        requires(std::is_integral_v<T> || std::is_enum_v<T>)
    void bind(int index, T value)
    {
        if constexpr (std::is_same_v<T, std::int64_t>)
            check(sqlite3_bind_int64(statement_, index, value));
        else
            check(sqlite3_bind_int64(statement_, index, static_cast<std::int64_t>(value)));
    }
    template <class T>
    void bind(int index, const std::optional<T>& value)
    {
        if (value)
            bind(index, *value);
        else
            bind(index, std::nullopt);
    }

    /// False after the last row.
    bool step()
    {
        const int result = sqlite3_step(statement_);
        if (result == SQLITE_ROW)
            return true;
        if (result != SQLITE_DONE)
            throw SQLite::Exception(database_, result);
        return false;
    }
    void reset() noexcept { sqlite3_reset(statement_); }
    /// Rows that were changed by the last statement of the connection.
    [[nodiscard]] int changes() const noexcept { return sqlite3_changes(database_); }
    [[nodiscard]] sqlite3_stmt* get() const noexcept { return statement_; }

private:
    void check(int result) const
    {
        if (result != SQLITE_OK)
            throw SQLite::Exception(database_, result);
    }

    sqlite3* database_;
    sqlite3_stmt* statement_ = nullptr;
};

/// One run of a prepared statement: binds its parameters in order, and resets it at the end of the scope.
/// Text and blobs are not copied; they must live until then (a temporary string does not compile).
class Run {
public:
    template <class... Args>
    explicit Run(Statement& statement, Args&&... args) : statement_(statement)
    {
        int index = 0;
        (statement_.bind(++index, std::forward<Args>(args)), ...);
    }
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;
    ~Run() { statement_.reset(); }

    /// Binds one parameter more, by its number.
    template <class T>
    void bind(int index, const T& value)
    {
        statement_.bind(index, value);
    }

    /// False after the last row.
    bool next() { return statement_.step(); }
    /// For statements without rows; how many rows they changed.
    int execute()
    {
        statement_.step();
        return statement_.changes();
    }

    [[nodiscard]] std::int64_t integer(int column) const
    {
        return sqlite3_column_int64(statement_.get(), column);
    }
    [[nodiscard]] double real(int column) const { return sqlite3_column_double(statement_.get(), column); }
    /// Of text or a blob; until the next step.
    [[nodiscard]] std::string_view view(int column) const
    {
        const void* bytes = sqlite3_column_blob(statement_.get(), column);
        const int size = sqlite3_column_bytes(statement_.get(), column);
        return size == 0 ? std::string_view()
                         : std::string_view(static_cast<const char*>(bytes), static_cast<std::size_t>(size));
    }
    [[nodiscard]] std::string text(int column) const { return std::string(view(column)); }
    [[nodiscard]] bool is_null(int column) const
    {
        return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
    }
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
    Statement& statement_;
};

/// Runs a statement that yields no rows; how many rows it changed.
template <class... Args>
int execute(Statement& statement, Args&&... args)
{
    Run run(statement, std::forward<Args>(args)...);
    return run.execute();
}

}  // namespace pollhook::store
