#pragma once

#include "pollhook/config/config.hpp"

#include <array>
#include <string_view>
#include <utility>

/// The words of the configuration file for each enumeration, in the order in which they are shown.
namespace pollhook::config {

template <class Enum, std::size_t Count>
using NameTable = std::array<std::pair<Enum, std::string_view>, Count>;

template <class Enum>
struct Names;

template <>
struct Names<base::LogLevel> {
    static constexpr NameTable<base::LogLevel, 5> all{
        {{base::LogLevel::trace, "trace"},
         {base::LogLevel::debug, "debug"},
         {base::LogLevel::info, "info"},
         {base::LogLevel::warn, "warn"},
         {base::LogLevel::error, "error"}}
    };
};

template <>
struct Names<base::LogFormat> {
    static constexpr NameTable<base::LogFormat, 3> all{
        {{base::LogFormat::automatic, "auto"},
         {base::LogFormat::text, "text"},
         {base::LogFormat::json, "json"}}
    };
};

template <>
struct Names<Synchronous> {
    static constexpr NameTable<Synchronous, 2> all{
        {{Synchronous::full, "full"}, {Synchronous::normal, "normal"}}
    };
};

template <>
struct Names<ProviderType> {
    static constexpr NameTable<ProviderType, 2> all{
        {{ProviderType::midjourney_proxy, "midjourney-proxy"}, {ProviderType::ohmygpt, "ohmygpt"}}
    };
};

template <>
struct Names<Auth> {
    static constexpr NameTable<Auth, 3> all{
        {{Auth::bearer, "bearer"}, {Auth::raw, "raw"}, {Auth::mj_api_secret, "mj-api-secret"}}
    };
};

template <>
struct Names<Format> {
    static constexpr NameTable<Format, 4> all{
        {{Format::standard, "standard"},
         {Format::cloudevents, "cloudevents"},
         {Format::cloudevents_binary, "cloudevents-binary"},
         {Format::bare, "bare"}}
    };
};

template <>
struct Names<Order> {
    static constexpr NameTable<Order, 2> all{{{Order::block, "block"}, {Order::latest, "latest"}}};
};

template <>
struct Names<SinkType> {
    static constexpr NameTable<SinkType, 3> all{
        {{SinkType::webhook, "webhook"}, {SinkType::file, "file"}, {SinkType::stdout_, "stdout"}}
    };
};

template <>
struct Names<AuthMethod> {
    static constexpr NameTable<AuthMethod, 3> all{
        {{AuthMethod::basic, "basic"}, {AuthMethod::bearer, "bearer"}, {AuthMethod::oauth2, "oauth2"}}
    };
};

template <>
struct Names<TlsVersion> {
    static constexpr NameTable<TlsVersion, 2> all{{{TlsVersion::v1_2, "1.2"}, {TlsVersion::v1_3, "1.3"}}};
};

template <class Enum>
constexpr std::string_view name_of(Enum value) noexcept
{
    for (const auto& [candidate, name] : Names<Enum>::all)
        if (candidate == value)
            return name;
    return {};
}

}  // namespace pollhook::config
