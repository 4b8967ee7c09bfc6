#pragma once

#include <string>
#include <vector>

namespace pollhook::service {

/// A listening socket that systemd opened for us.
struct PassedSocket {
    int descriptor = -1;
    std::string name;  ///< FileDescriptorName= of its unit; may be empty
};

/// The sockets that were passed to this process (sd_listen_fds(3)): LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES.
/// They are the caller's from now on and no child's; the variables are gone afterwards, so that the second
/// call gives none. Only while no other thread looks at the environment.
std::vector<PassedSocket> take_passed_sockets();

}  // namespace pollhook::service
