#include "pollhook/http/connection_pool.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

namespace pollhook::http {

std::size_t ConnectionPool::Hash::operator()(const PoolKey& key) const noexcept
{
    const std::size_t host = std::hash<std::string_view>()(key.origin.host);
    const std::size_t rest = (key.guard << 40U) ^ (key.route << 20U) ^ (std::size_t{key.origin.port} << 1U) ^
                             static_cast<std::size_t>(key.origin.scheme);
    return host ^ (rest * 0x9e3779b97f4a7c15U);
}

ConnectionPool::Membership::Membership(ConnectionPool& pool, const PoolKey& key) : pool_(&pool)
{
    const auto [place, is_new] = pool.lanes_.try_emplace(OwnedKey{key.origin, key.guard, key.route});
    if (is_new)
        place->second.host_field = key.origin.host_field();
    lane_ = &*place;
    ++lane_->second.members;
}

ConnectionPool::Membership::Membership(Membership&& other) noexcept
    : pool_(std::exchange(other.pool_, nullptr)),
      lane_(other.lane_)
{
}

ConnectionPool::Membership::~Membership()
{
    if (pool_ == nullptr || --lane_->second.members > 0)
        return;
    const auto place = pool_->lanes_.find(lane_->first);
    pool_->lanes_.erase(place);
}

std::shared_ptr<Connection> ConnectionPool::take(const PoolKey& key)
{
    const auto found = lanes_.find(key);
    if (found == lanes_.end())
        return nullptr;
    Lane& lane = found->second;
    while (!lane.idle.empty()) {
        const Order::iterator newest = lane.idle.back();
        lane.idle.pop_back();
        std::shared_ptr<Connection> connection = std::move(newest->connection);
        order_.erase(newest);
        if (connection->is_open() && connection->is_quiet())
            return connection;
        connection->close();
    }
    return nullptr;
}

bool ConnectionPool::keep(std::shared_ptr<Connection> connection, const PoolKey& key)
{
    const auto found = lanes_.find(key);
    if (found == lanes_.end() || max_idle_ == 0 || found->second.given_up ||
        found->second.idle.size() >= max_idle_per_origin_)
        return false;
    while (order_.size() >= max_idle_)
        drop(order_.begin());
    order_.push_back(Idle{std::move(connection), &found->second});
    found->second.idle.push_back(std::prev(order_.end()));
    return true;
}

void ConnectionPool::forget(const Connection& connection, const Membership& membership)
{
    const std::vector<Order::iterator>& idle = membership.lane_->second.idle;
    const auto place = std::ranges::find_if(idle, [&connection](Order::iterator candidate) {
        return candidate->connection.get() == &connection;
    });
    if (place != idle.end())
        drop(*place);
}

void ConnectionPool::give_up(std::uint64_t route)
{
    for (auto& [key, lane] : lanes_) {
        if (key.route != route)
            continue;
        lane.given_up = true;
        while (!lane.idle.empty())
            drop(lane.idle.back());
    }
}

void ConnectionPool::drop(Order::iterator idle)
{
    std::erase(idle->lane->idle, idle);
    const std::shared_ptr<Connection> connection = std::move(idle->connection);
    order_.erase(idle);
    connection->close();
}

}  // namespace pollhook::http
