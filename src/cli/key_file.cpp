#include "key_file.hpp"

#include "pollhook/base/text.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>

namespace pollhook::cli {

std::vector<std::string> read_keys(const std::optional<std::filesystem::path>& file, const char* variable)
{
    std::vector<std::string> keys;
    if (!file) {
        const char* value = variable != nullptr ? std::getenv(variable) : nullptr;
        if (value != nullptr && *value != '\0')
            keys.emplace_back(base::trim(value));
        return keys;
    }
    std::ifstream in(*file);
    for (std::string line; std::getline(in, line);)
        if (const auto key = base::trim(line); !key.empty())
            keys.emplace_back(key);
    if (keys.empty())
        throw std::runtime_error(fmt::format("no secret can be read from {}", base::printable(file->string()))
        );
    return keys;
}

std::string read_whole(const std::filesystem::path& file)
{
    if (file == "-")
        return {std::istreambuf_iterator<char>(std::cin), {}};
    std::ifstream in(file, std::ios::binary);
    std::string content{std::istreambuf_iterator<char>(in), {}};
    if (!in.is_open() || in.bad())
        throw std::runtime_error(fmt::format("{} cannot be read", base::printable(file.string())));
    return content;
}

}  // namespace pollhook::cli
