#pragma once

#include <span>
#include <string_view>

namespace pollhook::admin {

/// A path of the admin API and what may be asked of it.
struct Route {
    std::string_view path;     ///< `/v1/tasks/{provider}/{id}`: a part in braces stands for any text
    std::string_view methods;  ///< as in an Allow field: `GET, DELETE`. HEAD goes wherever GET does.
};

/// Every path that is answered; `/openapi.json` describes just these.
std::span<const Route> routes() noexcept;

/// The route that a decoded path belongs to; null when it is none.
const Route* find_route(std::string_view path) noexcept;

bool allows(const Route& route, std::string_view method) noexcept;

}  // namespace pollhook::admin
