#include "fuzz/input.hpp"
#include "pollhook/config/load.hpp"
#include "pollhook/config/show.hpp"

#include <string>
#include <string_view>

// The text of a configuration file. Whatever it is, it is read, or every mistake is named in printable words;
// what is shown of it holds no secret.

namespace {

constexpr std::string_view canary = "whsec_QzRuNHJ5QzRuNHJ5QzRuNHJ5QzRuNHJ5QzRuNHJ5";

std::optional<std::string> environment(const std::string& name)
{
    if (name == "HOME")
        return "/home/nobody";
    if (name == "STATE_DIRECTORY" || name == "CREDENTIALS_DIRECTORY")
        return std::nullopt;
    return std::string(canary);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    using namespace pollhook;
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);
    // A configuration may name any file; reading some of them would wait for ever.
    if (text.find("/dev") != std::string_view::npos || text.find("/proc") != std::string_view::npos)
        return 0;
    const auto loaded = config::load_from_text(text, "fuzz.toml", environment);
    if (!loaded) {
        fuzz::expect(!loaded.error().all.empty(), "a refusal has a reason");
        for (const char c : loaded.error().text())
            fuzz::expect(static_cast<unsigned char>(c) >= 0x20 || c == '\n', "a mistake is told in one line");
        return 0;
    }
    const std::string shown = config::show(*loaded);
    fuzz::expect(
        shown.find(canary) == std::string::npos || fuzz::is_sabotaged(), "I12: secrets are not shown"
    );
    fuzz::expect(config::restart_needed(*loaded, *loaded).empty(), "it equals itself");
    const auto again =
        config::load_from_text(shown, "shown.toml", environment, config::MissingSecret::stays_empty);
    fuzz::expect(again || shown.find("***") != std::string::npos, "what is shown is a configuration again");
    if (fuzz::is_sabotaged() && again)
        fuzz::expect(again->providers.empty(), "sabotaged: there are providers");
    return 0;
}
