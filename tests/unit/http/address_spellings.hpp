#pragma once

#include <string>
#include <vector>

namespace pollhook::http {

/// One way to write an address as the host of a URL.
struct Spelling {
    std::string way;   ///< its name
    std::string host;  ///< as it stands in a URL, IPv6 in brackets
};

/// `127.0.0.1` as browsers, resolvers and attackers write it: decimal, hex, octal, short, and inside of IPv6.
std::vector<Spelling> spellings_of_v4(const std::string& address);

/// An IPv6 address in full, compressed, in upper case, with a dotted end, with a scope.
std::vector<Spelling> spellings_of_v6(const std::string& address);

}  // namespace pollhook::http
