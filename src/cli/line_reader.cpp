#include "line_reader.hpp"

namespace pollhook::cli {

bool LineReader::next(std::string& line)
{
    line.clear();
    too_long_ = false;
    int c = std::getc(stream_);
    if (c == EOF)
        return false;
    ++number_;
    for (; c != EOF && c != '\n'; c = std::getc(stream_)) {
        if (line.size() < longest_line)
            line += static_cast<char>(c);
        else
            too_long_ = true;
    }
    return true;
}

}  // namespace pollhook::cli
