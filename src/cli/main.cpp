#include "program.hpp"

#include <string>
#include <vector>

int main(int count, char** words)
{
    const std::vector<std::string> arguments(words + (count > 0 ? 1 : 0), words + count);
    return pollhook::cli::run_program(arguments);
}
