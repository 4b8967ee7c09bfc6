#pragma once

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace pollhook::test {

/// A recorded answer under tests/fixtures.
inline std::string fixture(std::string_view name)
{
    std::ifstream file(std::string(POLLHOOK_FIXTURES) + "/" + std::string(name));
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// The task within a recorded OhMyGPT answer.
inline std::string ohmygpt_task()
{
    const std::string answer = fixture("ohmygpt_task.json");
    const std::size_t begin = answer.find('{', answer.find("\"data\""));
    return answer.substr(begin, answer.rfind('}') - begin);
}

}  // namespace pollhook::test
