#pragma once

#include <string>
#include <string_view>

namespace pollhook::config {

/// A key, token or signing secret. It cannot be printed or formatted, and every copy wipes its bytes when it
/// ends.
///
/// It remembers how the configuration spelled it, so that `config show` can print the reference instead.
class Secret {
public:
    Secret() = default;
    explicit Secret(std::string_view value, std::string reference = {});
    Secret(const Secret& other);
    Secret(Secret&& other) noexcept;
    Secret& operator=(const Secret& other);
    Secret& operator=(Secret&& other) noexcept;
    ~Secret();

    /// The bytes themselves, valid as long as this object. Pass them on to the wire or the cipher, nowhere
    /// else.
    [[nodiscard]] std::string_view reveal() const noexcept { return value_; }
    [[nodiscard]] bool empty() const noexcept { return value_.empty(); }

    /// The TOML spelling of where it came from, such as `{ env = "NAME" }`; empty for a literal string.
    [[nodiscard]] const std::string& reference() const noexcept { return reference_; }

    /// Compares the bytes in constant time; the reference does not count.
    bool operator==(const Secret& other) const noexcept;

private:
    void wipe() noexcept;

    std::string value_;
    std::string reference_;
};

}  // namespace pollhook::config
