#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pollhook::admin {

/// A path of the admin API and what may be asked of it.
struct Route {
    std::string_view path;             ///< `/v1/tasks/{provider}/{id}`: a part in braces stands for any text
    std::string_view methods;          ///< as in an Allow field: `GET, DELETE`. HEAD goes wherever GET does.
    std::string_view parameters = {};  ///< of the query of a GET: `limit, cursor`; nothing else takes any
    std::string_view repeated = {};    ///< those of `parameters` that may be given several times
};

/// Every path that is answered; `/openapi.json` describes just these.
std::span<const Route> routes() noexcept;

/// The route that a decoded path belongs to; null when it is none.
const Route* find_route(std::string_view path) noexcept;

bool allows(const Route& route, std::string_view method);

/// The names that the query may have.
std::vector<std::string> parameters_of(const Route& route, std::string_view method);
/// Those of them that may come several times.
std::vector<std::string> repeated_parameters_of(const Route& route);

}  // namespace pollhook::admin
