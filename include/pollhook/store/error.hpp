#pragma once

#include <boost/system/error_category.hpp>
#include <boost/system/error_code.hpp>

#include <type_traits>

namespace pollhook::store {

enum class Errc {
    full = 1,      ///< the disk, or `max_size`; what exists is kept and goes on being delivered
    conflict,      ///< a row changed under the operation; nothing was written
    closed,        ///< the store was closed
    in_use,        ///< another process holds the state directory
    newer_schema,  ///< the database was written by a newer pollhook
    not_writable,  ///< the write probe at start failed
    corrupt,       ///< quick_check, CORRUPT or NOTADB
    failed,        ///< any other I/O or SQLite error: the state of the last commit is unknown
};

const boost::system::error_category& store_category() noexcept;

inline boost::system::error_code make_error_code(Errc e) noexcept
{
    return {static_cast<int>(e), store_category()};
}

}  // namespace pollhook::store

template <>
struct boost::system::is_error_code_enum<pollhook::store::Errc> : std::true_type {};
