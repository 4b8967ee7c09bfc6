#pragma once

#include "pollhook/sink/sink.hpp"

#include <string>

/// Events as CloudEvents 1.0 has them.
namespace pollhook::sink {

/// Appends the whole event in the JSON format.
void append_envelope(std::string& out, const Message& message);

/// Appends the attributes as header lines (HTTP binding, 3.1.3).
void append_cloudevents_fields(std::string& out, const Message& message);

}  // namespace pollhook::sink
