#pragma once

#include "pollhook/base/random.hpp"
#include "pollhook/store/sqlite_store.hpp"
#include "support/manual_clock.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <stdlib.h>

#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace pollhook::test {

/// A loop, time by hand, seeded randomness and a real store in a directory of its own. The store works on the
/// loop, so nothing here runs at the same time as anything else.
class StoreWorld {
public:
    StoreWorld()
    {
        std::string name = (std::filesystem::temp_directory_path() / "pollhook-world-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr)
            throw std::runtime_error("no temporary directory");
        directory_ = name;
        open_store();
    }
    StoreWorld(const StoreWorld&) = delete;
    StoreWorld& operator=(const StoreWorld&) = delete;
    ~StoreWorld()
    {
        store.reset();
        std::error_code ignored;
        std::filesystem::remove_all(directory_, ignored);
    }

    /// Also again, as after a kill: without close().
    void open_store()
    {
        store.reset();
        store::SqliteOptions options;
        options.directory = directory_;
        options.writer = loop.get_executor();
        options.reader = loop.get_executor();
        store = std::make_unique<store::SqliteStore>(loop.get_executor(), std::move(options));
    }

    template <class T>
    base::Result<T> try_run(boost::asio::awaitable<base::Result<T>> operation)
    {
        auto result = std::make_shared<std::optional<base::Result<T>>>();
        boost::asio::co_spawn(
            loop,
            std::move(operation),
            [result](std::exception_ptr failure, base::Result<T> value) {
                if (failure)
                    std::rethrow_exception(failure);
                *result = std::move(value);
            }
        );
        clock.drain();
        if (!*result)
            throw std::logic_error("the operation did not end");
        return std::move(**result);
    }
    template <class T>
    T run(boost::asio::awaitable<base::Result<T>> operation)
    {
        return try_run(std::move(operation)).value();
    }

    boost::asio::io_context loop{1};
    ManualClock clock{loop};
    base::Random random{7};
    std::unique_ptr<store::SqliteStore> store;

private:
    std::filesystem::path directory_;
};

}  // namespace pollhook::test
