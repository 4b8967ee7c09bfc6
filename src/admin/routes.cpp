#include "pollhook/admin/routes.hpp"

#include <algorithm>
#include <array>

namespace pollhook::admin {
namespace {

// A fixed path stands before a pattern that it would match too.
constexpr std::array all{
    Route{"/", "GET"},
    Route{"/livez", "GET"},
    Route{"/metrics", "GET"},
    Route{"/openapi.json", "GET"},
    Route{"/readyz", "GET"},
    Route{"/v1/deliveries", "GET", "state, sink, task, origin, limit, cursor"},
    Route{"/v1/deliveries/retry", "POST"},
    Route{"/v1/deliveries/{id}", "GET"},
    Route{"/v1/deliveries/{id}/retry", "POST"},
    Route{"/v1/events", "GET", "since, type, provider, task, order, limit, cursor", "type, provider, task"},
    Route{"/v1/events/stream", "GET", "since, type, provider, task, cursor", "type, provider, task"},
    Route{"/v1/jobs", "GET", "limit"},
    Route{"/v1/jobs/{id}", "GET, DELETE"},
    Route{"/v1/providers", "GET"},
    Route{"/v1/providers/{name}/pause", "POST"},
    Route{"/v1/providers/{name}/resume", "POST"},
    Route{"/v1/prune", "POST"},
    Route{"/v1/reload", "POST"},
    Route{"/v1/sinks", "GET"},
    Route{"/v1/sinks/{name}/pause", "POST"},
    Route{"/v1/sinks/{name}/replay", "POST"},
    Route{"/v1/sinks/{name}/resume", "POST"},
    Route{"/v1/sinks/{name}/test", "POST"},
    Route{"/v1/status", "GET"},
    Route{"/v1/tasks", "GET, POST", "status, provider, q, limit, cursor"},
    Route{"/v1/tasks/{provider}/{id}", "GET, DELETE"},
};

std::string_view take_part(std::string_view& path)
{
    const auto end = std::min(path.find('/', 1), path.size());
    const std::string_view part = path.substr(0, end);
    path.remove_prefix(end);
    return part;
}

/// `GET, DELETE` taken apart.
std::vector<std::string> words_of(std::string_view list)
{
    constexpr std::string_view joint = ", ";
    std::vector<std::string> words;
    while (!list.empty()) {
        const auto end = std::min(list.find(joint), list.size());
        words.emplace_back(list.substr(0, end));
        list.remove_prefix(std::min(end + joint.size(), list.size()));
    }
    return words;
}

bool matches(std::string_view pattern, std::string_view path)
{
    while (!pattern.empty() && !path.empty()) {
        const std::string_view wanted = take_part(pattern);
        const std::string_view given = take_part(path);
        const bool is_any = wanted.starts_with("/{") && given.size() > 1;
        if (!is_any && wanted != given)
            return false;
    }
    return pattern.empty() && path.empty();
}

}  // namespace

std::span<const Route> routes() noexcept
{
    return all;
}

const Route* find_route(std::string_view path) noexcept
{
    const auto* const found =
        std::ranges::find_if(all, [path](const Route& route) { return matches(route.path, path); });
    return found == all.end() ? nullptr : found;
}

bool allows(const Route& route, std::string_view method)
{
    const auto methods = words_of(route.methods);
    return std::ranges::find(methods, method) != methods.end();
}

std::vector<std::string> parameters_of(const Route& route, std::string_view method)
{
    return method == "GET" ? words_of(route.parameters) : std::vector<std::string>();
}

std::vector<std::string> repeated_parameters_of(const Route& route)
{
    return words_of(route.repeated);
}

}  // namespace pollhook::admin
