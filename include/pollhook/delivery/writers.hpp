#pragma once

#include "pollhook/sink/sink.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace pollhook::delivery {

/// Which sinks may write to a file. A sink that a reload replaced lives until its attempts have ended, and on
/// a disk that is stuck this takes any time: so each new one has to know all that were there before.
class Writers {
public:
    using Former = std::vector<std::weak_ptr<sink::Sink>>;

    /// `next` will write to `file`; empty: to standard output. Who may still write there: it has to wait
    /// until none of them is left.
    [[nodiscard]] Former add(const std::string& file, const std::shared_ptr<sink::Sink>& next);

    [[nodiscard]] static bool any_left(const Former& former);

private:
    std::map<std::string, Former> all_;
};

}  // namespace pollhook::delivery
