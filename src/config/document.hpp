#pragma once

#include "key_table.hpp"
#include "pollhook/config/config.hpp"
#include "pollhook/config/load.hpp"
#include "pollhook/config/positions.hpp"
#include "report.hpp"
#include "value_reader.hpp"

#include <map>
#include <span>
#include <string>
#include <string_view>

namespace pollhook::config {

/// Where a key was given, or else its table.
const Place& place_in(const Places& places, std::string_view key);

/// Builds one Config out of any number of parsed files, and then judges it as a whole.
class DocumentReader {
public:
    /// Both references must outlive the reader.
    DocumentReader(ValueReader& values, Report& report) : values_(values), report_(report) {}

    void read(const toml::table& document);

    /// The checks that need more than one key. `whole` is where something missing is reported.
    void check(const Place& whole);

    /// Reports what a Judge found, at its places.
    void report(std::span<const Finding> findings);

    [[nodiscard]] const Config& config() const noexcept { return config_; }
    /// With its positions; see check() for `whole`.
    [[nodiscard]] Config take(Place whole);

private:
    template <class Section>
    void read_single(std::string_view name, const toml::node& node, Section& section);
    template <class Section>
    void read_list(
        std::string_view name,
        const toml::node& node,
        std::vector<Section>& sections,
        std::vector<Places>& places
    );
    /// One level of a table; `prefix` is `lost_after.` inside a nested one.
    template <class Section>
    void read_keys(const toml::table& table, const std::string& prefix, Section& section, Places& places);
    /// False, with a report, when the type is missing or wrong: then nothing can be said about what fits.
    template <class Section>
    bool read_type(const toml::table& table, Section& section, Places& places);
    template <class Section>
    void check_required(std::string_view name, const Section& section, const Places& places);

    void unknown_key(std::string_view table, const toml::key& key, const std::string& prefix);
    void unknown_table(const toml::key& key, const toml::node& node);
    template <class Section>
    void check_unique_names(
        const std::vector<Section>& sections, const std::vector<Places>& places, std::string_view what
    );
    /// Two sinks that write to one file would cut off each other's lines.
    void check_unique_files();
    void check_daemon(const Place& whole);
    void check_admin();
    void check_provider(const Provider& provider, const Places& places);
    void check_task_webhooks();
    void check_sink(const Sink& sink, const Places& places);
    [[nodiscard]] const Places& places_of(const Finding& finding) const;

    ValueReader& values_;
    Report& report_;
    Config config_;
    std::map<std::string, Places, std::less<>> single_places_;
    std::vector<Places> provider_places_;
    std::vector<Places> sink_places_;
};

}  // namespace pollhook::config
