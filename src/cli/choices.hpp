#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pollhook::cli {

/// The values of an option or positional argument that has a short list of them, wherever it is; empty for
/// all others. What is completed and written in the manual comes from here.
std::vector<std::string> choices_of(std::string_view command, std::string_view option);

/// What is parsed: the choices, and patterns of them, which a shell that completes would take for files.
std::vector<std::string> accepted_by(std::string_view command, std::string_view option);

/// What is wrong with a word that is none of `choices`; empty when it is one.
std::string unknown_choice(std::string_view word, std::span<const std::string> choices);

}  // namespace pollhook::cli
