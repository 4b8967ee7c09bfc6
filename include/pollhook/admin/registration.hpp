#pragma once

#include "pollhook/http/address_guard.hpp"
#include "pollhook/store/store.hpp"

#include <boost/system/result.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace pollhook::admin {

/// One entry of a registration that was refused, and why, in words for the caller.
struct Rejected {
    std::size_t index = 0;
    std::string error;
};

/// The body of `POST /v1/tasks`, read and checked.
struct RegistrationRequest {
    bool is_list = false;
    std::vector<store::Registration> accepted;
    std::vector<std::size_t> indexes;  ///< of `accepted`, in the body's order
    std::vector<Rejected> rejected;
};

/// What a registration is checked against.
struct RegistrationRules {
    std::function<bool(std::string_view provider)> is_provider;
    std::string provider_names;  ///< for the error: `quickrouter, ohmygpt`
    const http::AddressGuard* guard = nullptr;
};

/// Reads one object, `{"tasks":[…]}`, or NDJSON when `ndjson`. The error is a text for the caller: the body
/// as a whole cannot be read. A bad entry of a list is rejected alone. Pure.
boost::system::result<RegistrationRequest, std::string> read_registration(
    std::string_view body, bool ndjson, const RegistrationRules& rules
);

/// Reads NDJSON as it arrives, a registration a line, in bounded memory. Pure.
class RegistrationLines {
public:
    /// `rules` outlive this.
    explicit RegistrationLines(const RegistrationRules& rules) : rules_(rules) { read_.is_list = true; }

    void feed(std::string_view bytes);
    /// The last line need not have an end.
    void finish();

    /// How many lines wait to be taken.
    [[nodiscard]] std::size_t ready() const noexcept { return read_.accepted.size() + read_.rejected.size(); }
    /// What was read since the last time. `index` counts lines from 0, also empty ones.
    RegistrationRequest take();

private:
    void take_line(std::string_view line);

    const RegistrationRules& rules_;
    RegistrationRequest read_;
    std::string begun_;  // a line whose end is still to come
    bool is_too_long_ = false;
    std::size_t line_ = 0;
};

}  // namespace pollhook::admin
