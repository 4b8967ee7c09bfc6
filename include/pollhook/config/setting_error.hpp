#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace pollhook::config {

/// A setting that was read well and cannot be used all the same, such as a file that holds no certificate.
/// what() is for people.
class SettingError final : public std::invalid_argument {
public:
    SettingError(std::string key, const std::string& what) : std::invalid_argument(what), key_(std::move(key))
    {
    }

    /// Within its table: `tls.ca_file`.
    [[nodiscard]] const std::string& key() const noexcept { return key_; }

private:
    std::string key_;
};

}  // namespace pollhook::config
