#include "value_text.hpp"

#include "size.hpp"

#include <fmt/format.h>

namespace pollhook::config {

std::string toml_string(std::string_view text)
{
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\')
            out += std::string("\\") + c;
        else if (c == '\n')
            out += "\\n";
        else if (c == '\t')
            out += "\\t";
        else if (byte < 0x20 || byte == 0x7f)
            out += fmt::format("\\u{:04X}", byte);
        else
            out += c;
    }
    return out + "\"";
}

std::string value_text(const Descriptor& /*key*/, bool value)
{
    return value ? "true" : "false";
}

std::string value_text(const Descriptor& /*key*/, unsigned value)
{
    return fmt::to_string(value);
}

std::string value_text(const Descriptor& /*key*/, double value)
{
    return fmt::to_string(value);
}

std::string value_text(const Descriptor& /*key*/, Duration value)
{
    return toml_string(base::format_duration(value));
}

std::string value_text(const Descriptor& /*key*/, std::uint64_t value)
{
    return toml_string(format_size(value));
}

std::string value_text(const Descriptor& key, const std::string& value)
{
    const std::size_t query = key.type == ValueType::url ? value.find('?') : std::string::npos;
    if (query != std::string::npos)
        return toml_string(value.substr(0, query) + "?***");
    // An absent optional text is an empty one; a list's elements never are.
    return value.empty() ? std::string() : toml_string(value);
}

std::string value_text(const Descriptor& /*key*/, const std::filesystem::path& value)
{
    return value.empty() ? std::string() : toml_string(value.string());
}

std::string value_text(const Descriptor& key, const PemFile& value)
{
    return value_text(key, value.path);
}

std::string value_text(const Descriptor& /*key*/, const Secret& value)
{
    if (!value.reference().empty())
        return value.reference();
    return value.empty() ? std::string() : toml_string("***");
}

std::string value_text(const Descriptor& key, const Header& value)
{
    // A header may be empty; then there is nothing to hide.
    const std::string text = value_text(key, value.value);
    return toml_string(value.name) + " = " + (text.empty() ? "\"\"" : text);
}

std::string value_text(const Descriptor& key, const MetadataFilter& value)
{
    return toml_string(value.key) + " = " + value_text(key, value.values);
}

std::string value_text(const Descriptor& /*key*/, const ListenAddress& value)
{
    return toml_string(value.text());
}

}  // namespace pollhook::config
