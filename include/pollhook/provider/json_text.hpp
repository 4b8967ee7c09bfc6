#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// JSON as text: values are views into a document and keep every digit and every byte of it. Nothing here
/// throws, recurses without a bound, or reads outside of its view.
namespace pollhook::provider {

/// The most levels of nesting in a task that is believed: as many as Boost.JSON takes by default.
inline constexpr std::size_t max_json_depth = 32;
/// Members of an object and elements of an array that are looked at; further ones are left out, so that no
/// answer takes many times its own size.
inline constexpr std::size_t max_json_members = 10'000;

/// The position of the first byte from `at` on that is not white space; the text's size when there is none.
std::size_t skip_space(std::string_view text, std::size_t at) noexcept;

/// The end of the value that begins at `at`, by quotes and brackets alone, so that a broken value can be left
/// out of a good document. npos when the text ends within the value.
std::size_t skip_value(std::string_view text, std::size_t at) noexcept;

/// Whether `text` is one value of RFC 8259 in valid UTF-8, at most max_json_depth deep.
bool is_valid_json(std::string_view text);

/// Puts U+FFFD in the place of every escaped surrogate that has no partner, such as `"\ud83d"`: relays cut
/// prompts in the middle of an emoji, and no parser takes the rest. Moves no byte.
void replace_unpaired_surrogates(std::string& text) noexcept;

/// A string value with its escapes undone. Empty when `value` is not one.
std::optional<std::string> string_of(std::string_view value);

/// Walks over an object's members in their order; the text need not be valid.
class MemberScanner {
public:
    /// `text` begins with `{`; what follows the object does not matter.
    explicit MemberScanner(std::string_view text) noexcept : text_(text) {}

    /// False at the end of the object, of the text, and where it is no longer JSON.
    bool next() noexcept;

    /// The member's name between its quotes, as it stands there.
    [[nodiscard]] std::string_view name() const noexcept { return name_; }
    /// The text from the member's value on.
    [[nodiscard]] std::string_view rest() const noexcept { return text_.substr(value_); }
    /// The member's value. Empty when the text ends within it.
    [[nodiscard]] std::string_view value() noexcept;
    /// After next() gave false: whether the object's closing brace was there.
    [[nodiscard]] bool closed() const noexcept { return closed_; }

private:
    std::string_view text_;
    std::string_view name_;
    std::size_t value_ = 0;
    std::size_t at_ = 0;  // where to go on; 0 before the first member, npos while the value is not skipped
    bool closed_ = false;
};

/// A valid object's members, found by name. Names have their escapes undone; of two members of the same name
/// the last counts.
class JsonObject {
public:
    struct Member {
        std::string name;
        std::string_view name_text;  ///< with its quotes, as it stands in the document
        std::string_view value;
    };

    /// Empty when `text` is not a valid object. The text must outlive the result.
    static std::optional<JsonObject> parse(std::string_view text);
    /// The same for text that is known to be valid, such as a member of a valid object.
    static JsonObject of_valid(std::string_view text);

    [[nodiscard]] const std::vector<Member>& members() const noexcept { return members_; }
    /// The member's value; empty when there is none.
    [[nodiscard]] std::string_view find(std::string_view name) const noexcept;

private:
    void drop_overridden();

    std::vector<Member> members_;
};

/// The elements of a valid array.
std::vector<std::string_view> elements_of(std::string_view array);

}  // namespace pollhook::provider
