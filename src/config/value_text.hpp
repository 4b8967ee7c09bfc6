#pragma once

#include "names.hpp"
#include "pollhook/config/config.hpp"
#include "pollhook/config/descriptor.hpp"

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

/// The TOML spelling of each kind of value, as `config show` prints it. Empty: there is nothing to print.
namespace pollhook::config {

/// A TOML basic string.
std::string toml_string(std::string_view text);

std::string value_text(const Descriptor& key, bool value);
std::string value_text(const Descriptor& key, unsigned value);
std::string value_text(const Descriptor& key, double value);
std::string value_text(const Descriptor& key, Duration value);
std::string value_text(const Descriptor& key, std::uint64_t value);
std::string value_text(const Descriptor& key, const std::string& value);
std::string value_text(const Descriptor& key, const std::filesystem::path& value);
std::string value_text(const Descriptor& key, const PemFile& value);
std::string value_text(const Descriptor& key, const Secret& value);
std::string value_text(const Descriptor& key, const Header& value);
std::string value_text(const Descriptor& key, const MetadataFilter& value);
std::string value_text(const Descriptor& key, const ListenAddress& value);

template <class Enum>
    requires std::is_enum_v<Enum>
std::string value_text(const Descriptor& /*key*/, Enum value)
{
    return toml_string(name_of(value));
}

template <class T>
std::string value_text(const Descriptor& key, const std::optional<T>& value)
{
    return value ? value_text(key, *value) : std::string();
}

template <class T>
std::string value_text(const Descriptor& key, const std::vector<T>& values)
{
    std::string out;
    for (const T& value : values)
        out += (out.empty() ? "" : ", ") + value_text(key, value);
    if constexpr (std::same_as<T, Header> || std::same_as<T, MetadataFilter>)
        return out.empty() ? "{}" : "{ " + out + " }";
    else
        return "[" + out + "]";
}

}  // namespace pollhook::config
