#pragma once

#include "pollhook/http/server.hpp"

#include <string_view>

namespace pollhook::http {

/// The reason phrase of a status, such as `Not Found`; `Unknown` for statuses without one.
std::string_view reason(int status) noexcept;

/// A problem document (RFC 9457): `{"type":"about:blank","title":…,"status":…,"detail":…}`, where the title
/// is the status's own phrase and `detail` says what is wrong with this request. `detail` is left out when it
/// is empty.
ServerResponse problem(int status, std::string_view detail);

}  // namespace pollhook::http
