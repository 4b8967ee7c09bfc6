#pragma once

#include "pollhook/http/address_guard.hpp"
#include "pollhook/http/connection.hpp"
#include "pollhook/http/origin.hpp"

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace pollhook::http {

/// Idle connections by origin and guard, the newest reused first, the oldest given up when there are too
/// many. Lives on the loop.
class ConnectionPool {
    struct Key {
        Origin origin;
        const AddressGuard* guard;
    };
    struct KeyView {
        const Origin& origin;
        const AddressGuard* guard;
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
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(const KeyView& key) const noexcept;
        std::size_t operator()(const Key& key) const noexcept
        {
            return (*this)(KeyView{key.origin, key.guard});
        }
    };
    struct Equal {
        using is_transparent = void;
        template <class A, class B>
        bool operator()(const A& a, const B& b) const noexcept
        {
            return a.guard == b.guard && a.origin == b.origin;
        }
    };
    using Lanes = std::unordered_map<Key, Lane, Hash, Equal>;

public:
    ConnectionPool(std::size_t max_idle, std::size_t max_idle_per_origin)
        : max_idle_(max_idle),
          max_idle_per_origin_(max_idle_per_origin)
    {
    }

    /// One connection's place in the pool, for as long as it exists.
    class Membership {
    public:
        Membership(ConnectionPool& pool, const Origin& origin, const AddressGuard* guard);
        Membership(Membership&& other) noexcept;
        Membership& operator=(Membership&&) = delete;
        ~Membership();

        [[nodiscard]] const std::string& host_field() const noexcept { return lane_->second.host_field; }

    private:
        friend class ConnectionPool;
        ConnectionPool* pool_;
        Lanes::value_type* lane_;
    };

    /// An idle connection that is still quiet and that `guard` still permits, or null.
    std::shared_ptr<Connection> take(const Origin& origin, const AddressGuard* guard);
    /// Keeps a reusable connection of a living Membership; the caller sets its idle deadline. False when it
    /// was not kept.
    bool keep(std::shared_ptr<Connection> connection, const Origin& origin, const AddressGuard* guard);
    /// Lets go of a connection that was closed while idle.
    void forget(const Connection& connection, const Membership& membership);

    [[nodiscard]] std::size_t idle() const noexcept { return order_.size(); }

private:
    void drop(Order::iterator idle);

    std::size_t max_idle_;
    std::size_t max_idle_per_origin_;
    Lanes lanes_;
    Order order_;  ///< the oldest first
};

}  // namespace pollhook::http
