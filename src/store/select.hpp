#pragma once

#include "statement.hpp"

#include <SQLiteCpp/Database.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace pollhook::store {

/// Rows of one answer.
inline constexpr std::size_t most_rows = 1000;

inline std::size_t page_size(std::size_t asked)
{
    return std::clamp<std::size_t>(asked, 1, most_rows);
}

/// A SELECT whose conditions depend on what was asked, so that the planner sees only those.
class Select {
public:
    explicit Select(std::string text) : text_(std::move(text)) {}

    Select& where(const char* condition, std::string value) { return add(condition, std::move(value)); }
    Select& where(const char* condition, std::int64_t value) { return add(condition, value); }
    Select& where(const char* condition)
    {
        text_ += std::exchange(joint_, " AND ");
        text_ += condition;
        return *this;
    }
    /// A further parameter of the last condition.
    Select& with(std::int64_t value)
    {
        values_.emplace_back(value);
        return *this;
    }
    Select& with(std::string value)
    {
        values_.emplace_back(std::move(value));
        return *this;
    }
    Select& ending(const char* text)
    {
        text_ += text;
        return *this;
    }

    [[nodiscard]] Statement prepare(SQLite::Database& database) const
    {
        Statement statement(database, text_);
        int index = 0;
        for (const auto& value : values_)
            std::visit([&](const auto& v) { statement.bind(++index, v); }, value);
        return statement;
    }

private:
    template <class T>
    Select& add(const char* condition, T value)
    {
        where(condition);
        values_.emplace_back(std::move(value));
        return *this;
    }

    std::string text_;
    const char* joint_ = " WHERE ";
    std::vector<std::variant<std::int64_t, std::string>> values_;
};

inline std::int64_t number(std::size_t value)
{
    return static_cast<std::int64_t>(value);
}

template <class E>
std::int64_t code(E value)
{
    return static_cast<std::int64_t>(value);
}

template <class Read>
auto read_all(Statement statement, Read read)
{
    std::vector<decltype(read(std::declval<const Run&>()))> all;
    Run rows(statement);
    while (rows.next())
        all.push_back(read(rows));
    return all;
}

}  // namespace pollhook::store
