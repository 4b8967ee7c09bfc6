#pragma once

#include "names.hpp"
#include "pollhook/config/config.hpp"
#include "pollhook/config/descriptor.hpp"
#include "pollhook/config/environment.hpp"
#include "pollhook/config/load.hpp"
#include "report.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace pollhook::config {

/// Turns TOML values into typed ones, as their descriptors say. What is wrong goes into the report, and then
/// the target keeps the value it had.
class ValueReader {
public:
    /// Both references must outlive the reader.
    ValueReader(const Environment& environment, MissingSecret missing_secret, Report& report);

    void read(const Descriptor& key, const toml::node& node, bool& out);
    void read(const Descriptor& key, const toml::node& node, unsigned& out);
    void read(const Descriptor& key, const toml::node& node, double& out);
    void read(const Descriptor& key, const toml::node& node, Duration& out);
    void read(const Descriptor& key, const toml::node& node, std::uint64_t& out);
    void read(const Descriptor& key, const toml::node& node, std::string& out);
    void read(const Descriptor& key, const toml::node& node, std::filesystem::path& out);
    void read(const Descriptor& key, const toml::node& node, PemFile& out);
    void read(const Descriptor& key, const toml::node& node, Secret& out);
    void read(const Descriptor& key, const toml::node& node, ListenAddress& out);
    void read(const Descriptor& key, const toml::node& node, std::vector<Header>& out);
    void read(const Descriptor& key, const toml::node& node, std::vector<MetadataFilter>& out);

    template <class Enum>
        requires std::is_enum_v<Enum>
    void read(const Descriptor& key, const toml::node& node, Enum& out)
    {
        const auto text = node.value_exact<std::string>();
        for (const auto& [value, name] : Names<Enum>::all)
            if (text && *text == name) {
                out = value;
                return;
            }
        refuse_choice(key, node);
    }

    template <class T>
    void read(const Descriptor& key, const toml::node& node, std::optional<T>& out)
    {
        T value{};
        const std::size_t before = report_.count();
        read(key, node, value);
        if (report_.count() == before)
            out = std::move(value);
    }

    template <class T>
    void read(const Descriptor& key, const toml::node& node, std::vector<T>& out)
    {
        const toml::array* array = checked_array(key, node);
        if (array == nullptr)
            return;
        const std::size_t before = report_.count();
        std::vector<T> values;
        for (const toml::node& element : *array)
            read(key, element, values.emplace_back());
        if (report_.count() == before)
            out = std::move(values);
    }

    [[nodiscard]] const Environment& environment() const noexcept { return environment_; }

private:
    /// `"key" <demand>, not <what stands there>`
    void refuse(
        const Descriptor& key, const toml::node& node, std::string_view demand, std::string hint = {}
    );
    void refuse_choice(const Descriptor& key, const toml::node& node);
    /// Null, with a report, when the node is no array or has the wrong number of elements.
    const toml::array* checked_array(const Descriptor& key, const toml::node& node);
    void check_url(const Descriptor& key, const toml::node& node, const std::string& url);
    void check_pattern(const Descriptor& key, const toml::node& node, const std::string& pattern);

    /// A string or a reference, unchecked; empty with a report when it cannot be had.
    std::optional<Secret> resolve(std::string_view name, const toml::node& node);
    std::optional<Secret> from_environment(const toml::node& node, const std::string& name);
    std::optional<Secret> from_file(
        const toml::node& node, const std::filesystem::path& path, std::string reference
    );
    std::optional<Secret> from_credential(const toml::node& node, const std::string& name);
    std::optional<Secret> missing(const toml::node& node, std::string message, std::string reference);
    void check_secret(const Descriptor& key, const toml::node& node, const Secret& secret);
    void read_header(const toml::key& name, const toml::node& node, std::vector<Header>& out);

    const Environment& environment_;
    MissingSecret missing_secret_;
    Report& report_;
};

}  // namespace pollhook::config
