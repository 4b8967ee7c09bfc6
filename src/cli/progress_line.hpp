#pragma once

#include <string_view>

namespace pollhook::cli {

/// How far a long command is: one line of a terminal on standard error, rewritten in place. Silent where
/// nobody looks.
class ProgressLine {
public:
    ProgressLine();

    /// `text` is safe to print.
    void show(std::string_view text);
    /// Before anything else is printed.
    void clear();

private:
    bool is_watched_;
    bool is_shown_ = false;
};

}  // namespace pollhook::cli
