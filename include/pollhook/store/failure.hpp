#pragma once

#include "pollhook/base/result.hpp"

#include <boost/system/system_error.hpp>

namespace pollhook::store {

/// The store failed: the state of the last commit is unknown, so the daemon stops in order and recovers when
/// it starts again.
class Failure final : public boost::system::system_error {
public:
    explicit Failure(const boost::system::error_code& code) : system_error(code, "the store failed") {}
};

/// For results whose error nobody but the top of the daemon can decide about.
template <class T>
void throw_if_failed(const base::Result<T>& result)
{
    if (!result)
        throw Failure(result.error());
}

}  // namespace pollhook::store
