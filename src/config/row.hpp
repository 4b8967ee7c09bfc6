#pragma once

#include "key_table.hpp"
#include "value_text.hpp"

#include <optional>
#include <type_traits>
#include <utility>

namespace pollhook::config {

template <class T>
struct ValueOf {
    using type = T;
};
template <class T>
struct ValueOf<std::optional<T>> {
    using type = T;
};

/// The member at the end of a path of member pointers.
template <auto First, auto... Rest, class Section>
auto& at(Section& section)
{
    if constexpr (sizeof...(Rest) == 0)
        return section.*First;
    else
        return at<Rest...>(section.*First);
}

/// Binds a key to its member; the default comes from the struct, the choices from its enumeration.
template <class Section, auto... Path>
Row<Section> row(Descriptor key)
{
    Row<Section> out{
        .key = std::move(key),
        .read = [](ValueReader& reader, const Descriptor& descriptor, const toml::node& node, Section& section
                ) { reader.read(descriptor, node, at<Path...>(section)); },
        .print = [](const Descriptor& descriptor,
                    const Section& section) { return value_text(descriptor, at<Path...>(section)); },
        .same = [](const Section& before,
                   const Section& after) { return at<Path...>(before) == at<Path...>(after); }
    };
    Section defaults;
    using Value = typename ValueOf<std::remove_cvref_t<decltype(at<Path...>(defaults))>>::type;
    if constexpr (std::is_enum_v<Value>)
        for (const auto& [value, name] : Names<Value>::all)
            out.key.choices.emplace_back(name);
    if (out.key.default_text.empty() && !out.key.required)
        out.key.default_text = out.print(out.key, defaults);
    return out;
}

}  // namespace pollhook::config
