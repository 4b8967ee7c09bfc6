#pragma once

#include "admin_client.hpp"
#include "commands.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace pollhook::cli {

/// What a client command works with: the daemon, and how to show things.
struct Session {
    AdminClient daemon;
    OutputFormat output = OutputFormat::table;
    bool with_color = false;  ///< of standard output
    std::string token;
};

/// A failure when the address cannot be read. Connects to nothing yet.
Outcome<std::unique_ptr<Session>> open_session(const ClientOptions& options);

/// What became of a list of registrations: the answer's body. It has the same members when every entry was
/// rejected, though that is a refusal.
Outcome<std::string> register_many(
    AdminClient& daemon, std::string body, std::string_view content_type = "application/json"
);

/// A count in such an answer; 0 when it is not there.
std::uint64_t count_of(const boost::json::object& object, std::string_view name);
/// Warns of known tasks that keep another webhookUrl or metadata than were given.
void tell_kept_total(std::uint64_t count);

/// `/v1/tasks/PROVIDER/ID`
std::string task_path(std::string_view provider, std::string_view id);

}  // namespace pollhook::cli
