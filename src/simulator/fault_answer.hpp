#pragma once

#include "pollhook/http/server.hpp"
#include "pollhook/simulator/faults.hpp"

#include <cstdint>

namespace pollhook::simulator {

/// Who speaks: errors look different in each of them.
enum class Dialect : std::uint8_t { proxy, ohmygpt, receiver };

/// What a server answers when `fault` strikes; `good` is what it would have said, which `truncate` and
/// `bad_json` cut.
http::ServerResponse fault_answer(const Fault& fault, Dialect dialect, http::ServerResponse good);

/// An error status as servers of that dialect send it.
http::ServerResponse status_answer(int status, Dialect dialect);

}  // namespace pollhook::simulator
