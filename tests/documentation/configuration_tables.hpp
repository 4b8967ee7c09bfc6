#pragma once

#include <string>

namespace pollhook::documentation {

/// Every table of the configuration with its keys, as Markdown: a heading for each table, a row for each key,
/// in the order of config::descriptors().
std::string configuration_tables();

}  // namespace pollhook::documentation
