#pragma once

#include "pollhook/base/time.hpp"
#include "pollhook/http/server.hpp"

#include <boost/asio/ip/address.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace pollhook::simulation {

/// A request as a host of the simulated network sees it.
struct Call {
    const http::ServerRequest& request;
    boost::asio::ip::address address;
    std::string_view host;        ///< name and port of the origin
    std::string_view bytes;       ///< as they came: head and body
    std::uint64_t boot = 0;       ///< of the process that sent it
    bool is_first = false;        ///< of its connection
    base::SteadyPoint sent_at{};  ///< when its first byte left the process
};

struct Reply {
    http::ServerResponse response;
    base::Duration pause{};
    /// Called when the whole head of the answer has reached the process.
    std::function<void()> on_head_arrived;
};

/// Who answers at an address.
class Host {
public:
    Host() = default;
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;
    virtual ~Host() = default;

    virtual Reply serve(const Call& call) = 0;
};

}  // namespace pollhook::simulation
