#pragma once

#include "pollhook/http/connection.hpp"
#include "pollhook/http/origin.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace pollhook::http {

/// What requests must have in common to share a connection. A view: `origin` is not copied.
struct PoolKey {
    const Origin& origin;
    std::uint64_t guard;  ///< its identity; 0: none
    std::uint64_t route;  ///< its identity; 0: the client's own
};

/// Idle connections by origin, guard and route, the newest reused first, the oldest given up when there are
/// too many. Lives on the loop.
class ConnectionPool {
    struct OwnedKey {
        Origin origin;
        std::uint64_t guard;
        std::uint64_t route;
    };
    struct Lane;
    struct Idle {
        std::shared_ptr<Connection> connection;
        Lane* lane;
    };
    using Order = std::list<Idle>;
    struct Lane {
        std::string host_field;
        std::vector<Order::iterator> idle;
        std::size_t members = 0;
        bool given_up = false;  ///< nothing more is kept in it
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(const PoolKey& key) const noexcept;
        std::size_t operator()(const OwnedKey& key) const noexcept
        {
            return (*this)(PoolKey{key.origin, key.guard, key.route});
        }
    };
    struct Equal {
        using is_transparent = void;
        template <class A, class B>
        bool operator()(const A& a, const B& b) const noexcept
        {
            return a.guard == b.guard && a.route == b.route && a.origin == b.origin;
        }
    };
    using Lanes = std::unordered_map<OwnedKey, Lane, Hash, Equal>;

public:
    ConnectionPool(std::size_t max_idle, std::size_t max_idle_per_origin)
        : max_idle_(max_idle),
          max_idle_per_origin_(max_idle_per_origin)
    {
    }

    /// One connection's place in the pool, for as long as it exists.
    class Membership {
    public:
        Membership(ConnectionPool& pool, const PoolKey& key);
        Membership(Membership&& other) noexcept;
        Membership& operator=(Membership&&) = delete;
        ~Membership();

        [[nodiscard]] const std::string& host_field() const noexcept { return lane_->second.host_field; }

    private:
        friend class ConnectionPool;
        ConnectionPool* pool_;
        Lanes::value_type* lane_;
    };

    /// An idle connection that is still quiet, or null.
    std::shared_ptr<Connection> take(const PoolKey& key);
    /// Keeps a reusable connection of a living Membership; the caller sets its idle deadline. False when it
    /// was not kept.
    bool keep(std::shared_ptr<Connection> connection, const PoolKey& key);
    /// Lets go of a connection that was closed while idle.
    void forget(const Connection& connection, const Membership& membership);
    /// Closes what is idle on a route, and keeps no connection that is in use on it now.
    void give_up(std::uint64_t route);

    /// From now on; what is idle already stays until it is used or its time is over.
    void set_limits(std::size_t max_idle, std::size_t max_idle_per_origin) noexcept
    {
        max_idle_ = max_idle;
        max_idle_per_origin_ = max_idle_per_origin;
    }

    [[nodiscard]] std::size_t idle() const noexcept { return order_.size(); }

private:
    void drop(Order::iterator idle);

    std::size_t max_idle_;
    std::size_t max_idle_per_origin_;
    Lanes lanes_;
    Order order_;  ///< the oldest first
};

}  // namespace pollhook::http
