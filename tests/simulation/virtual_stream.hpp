#pragma once

#include "link.hpp"
#include "pollhook/base/clock.hpp"
#include "pollhook/http/stream.hpp"

#include <memory>

namespace pollhook::simulation {

/// The process's end of a simulated connection. `clock` must outlive it.
std::unique_ptr<http::Stream> make_virtual_stream(base::Clock& clock, std::shared_ptr<Link> link);

}  // namespace pollhook::simulation
