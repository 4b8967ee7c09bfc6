#include "counts.hpp"

#include "statement.hpp"

namespace pollhook::store {

Counts::Counts(SQLite::Database& database)
    : add_(
          database,
          "INSERT INTO counts (kind, name, state, n) VALUES (?1, ?2, ?3, ?4)"
          " ON CONFLICT (kind, name, state) DO UPDATE SET n = n + ?4"
      )
{
}

void Counts::add_task(const std::string& provider, task::Status status, std::int64_t n)
{
    tasks_[{provider, status}] += n;
}

void Counts::add_deliveries(SinkId sink, DeliveryState state, std::int64_t n)
{
    deliveries_[sink].at(static_cast<std::size_t>(state)) += n;
}

void Counts::move_deliveries(SinkId sink, DeliveryState from, DeliveryState to, std::int64_t n)
{
    auto& by_state = deliveries_[sink];
    by_state.at(static_cast<std::size_t>(from)) -= n;
    by_state.at(static_cast<std::size_t>(to)) += n;
}

void Counts::write()
{
    for (const auto& [key, n] : tasks_)
        write(CountKind::tasks, key.first, static_cast<std::int64_t>(key.second), n);
    for (const auto& [sink, by_state] : deliveries_) {
        const std::string name = std::to_string(static_cast<std::int32_t>(sink));
        for (std::size_t state = 0; state < by_state.size(); ++state)
            write(CountKind::deliveries, name, static_cast<std::int64_t>(state), by_state.at(state));
    }
    write(CountKind::events, {}, 0, events_);
    discard();
}

void Counts::discard() noexcept
{
    tasks_.clear();
    deliveries_.clear();
    events_ = 0;
}

void Counts::write(CountKind kind, const std::string& name, std::int64_t state, std::int64_t n)
{
    if (n != 0)
        execute(add_, kind, name, state, n);
}

}  // namespace pollhook::store
