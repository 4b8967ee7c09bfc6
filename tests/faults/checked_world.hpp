#pragma once

#include "integration/world.hpp"

#include <SQLiteCpp/Database.h>

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace pollhook::test {

/// A world whose end is judged by what the receivers saw and what is in the database, never by what the
/// daemon says about itself.
class CheckedWorld : public World {
protected:
    static constexpr std::string_view short_life =
        "0s SUBMITTED 0%, 200ms IN_PROGRESS 10%, 300ms IN_PROGRESS 60%, 300ms SUCCESS 100%";

    /// The relay knows the task, and it is to end like that: `task.succeeded`.
    void add_task(simulator::Relay& relay, const std::string& id, std::string_view life, std::string end);
    /// Whether it was acknowledged; false also when nobody answers. With so many bytes of metadata, to
    /// 16,000, the database grows quickly.
    bool try_to_watch(
        const std::string& id, const simulator::Receiver& receiver, std::size_t metadata_bytes = 0
    );
    /// Adds and registers `count` tasks whose ids begin with `prefix`; some of them fail. What is refused is
    /// tried again, as a client would.
    void add_tasks(
        simulator::Relay& relay,
        simulator::Receiver& receiver,
        const std::string& prefix,
        int count,
        std::size_t metadata_bytes = 0
    );
    /// `[[sink]]` with the name `all`, which gets everything.
    [[nodiscard]] static std::string sink(const simulator::Receiver& receiver);

    /// Every task's last word has arrived (I7).
    testing::AssertionResult all_over(int seconds = 90);
    /// Everything that a sink was to get has arrived, of every task to its end.
    [[nodiscard]] bool has_all(const std::string& sink) const;
    /// I0 to I9, by `pollhook db check`, SQL and the receivers' logs. The daemon may run.
    void expect_invariants();
    [[nodiscard]] std::string check_database() const;

    [[nodiscard]] std::filesystem::path database() const { return folder_ / "state" / "pollhook.db"; }
    [[nodiscard]] std::int64_t number(const std::string& sql) const;

    std::map<std::string, std::string> ends_;  ///< by task, as the relay tells them

private:
    void expect_ends(SQLite::Database& database) const;
    void expect_sent_is_stored(SQLite::Database& database) const;
    void expect_delivered_was_seen(SQLite::Database& database) const;
    void expect_everybody_was_told(SQLite::Database& database) const;
};

}  // namespace pollhook::test
