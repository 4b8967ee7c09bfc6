#pragma once

#include <string_view>

namespace pollhook::config {

/// The annotated default configuration, word for word the installed pollhook.toml: what `config init` writes.
std::string_view default_config_text() noexcept;

}  // namespace pollhook::config
