#pragma once

#include <string_view>

namespace pollhook::cli {

/// How far a long command is: one line of a terminal on standard error, rewritten in place, and gone at the
/// end. Silent where nobody looks, and on a terminal that cannot rewrite a line (TERM=dumb).
class ProgressLine {
public:
    ProgressLine();
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;
    ~ProgressLine() { clear(); }

    /// `text` is safe to print; what does not fit into the line is left out.
    void show(std::string_view text);
    /// Before anything else is printed.
    void clear();

private:
    bool is_watched_;
    bool is_shown_ = false;
};

}  // namespace pollhook::cli
