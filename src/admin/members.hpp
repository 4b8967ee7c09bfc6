#pragma once

#include <boost/json/object.hpp>

#include <span>
#include <string>
#include <string_view>

namespace pollhook::admin {

/// What is wrong with an object that has a member which is none of `known`, with the one that was probably
/// meant; empty when nothing is.
std::string unknown_member(const boost::json::object& object, std::span<const std::string> known);

/// `no sink is called "x", did you mean "y"?`
std::string no_such(std::string_view what, std::string_view name, std::span<const std::string> known);

}  // namespace pollhook::admin
