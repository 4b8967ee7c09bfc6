#include "pollhook/config/diagnostics.hpp"

#include "pollhook/base/text.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace pollhook::config {

std::string Place::text() const
{
    const std::string name = base::printable(file, 4096);
    return line == 0 ? name : fmt::format("{}:{}:{}", name, line, column);
}

std::string Diagnostic::text() const
{
    return hint.empty() ? fmt::format("{}: {}", place.text(), message)
                        : fmt::format("{}: {} ({})", place.text(), message, hint);
}

std::string Diagnostics::text() const
{
    std::string out;
    for (const Diagnostic& diagnostic : all)
        out += diagnostic.text() + "\n";
    return out;
}

void throw_exception_from_error(const Diagnostics& diagnostics, const boost::source_location& /*where*/)
{
    throw std::runtime_error(diagnostics.text());
}

}  // namespace pollhook::config
