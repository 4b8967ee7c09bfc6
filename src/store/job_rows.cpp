#include "job_rows.hpp"

#include <array>
#include <cstddef>

namespace pollhook::store {

namespace {

constexpr std::array<std::string_view, 2> kind_names{"retry", "replay"};
constexpr std::array<std::string_view, 3> job_state_names{"running", "done", "cancelled"};

std::vector<task::EventType> types_of(std::int64_t bits)
{
    std::vector<task::EventType> types;
    for (std::size_t type = 0; type < task::event_type_count; ++type)
        if ((bits >> type) & 1)
            types.push_back(static_cast<task::EventType>(type));
    return types;
}

}  // namespace

std::string_view name(JobKind kind) noexcept
{
    const auto index = static_cast<std::size_t>(kind);
    return index < kind_names.size() ? kind_names[index] : "unknown";
}

std::string_view name(JobState state) noexcept
{
    const auto index = static_cast<std::size_t>(state);
    return index < job_state_names.size() ? job_state_names[index] : "unknown";
}

std::int64_t type_bits(const std::vector<task::EventType>& types)
{
    std::int64_t bits = 0;
    for (const task::EventType type : types)
        bits |= std::int64_t{1} << static_cast<unsigned>(type);
    return bits;
}

Job read_job(const Run& row)
{
    Job job;
    job.id = row.integer(0);
    job.request.kind = row.as<JobKind>(1);
    job.state = row.as<JobState>(2);
    DeliveryFilter& filter = job.request.filter;
    if (!row.is_null(3))
        filter.state = row.as<DeliveryState>(3);
    filter.sink = row.text(4);
    if (!row.is_null(5))
        filter.task = task::TaskKey{row.text(5), row.text(6)};
    filter.origin = row.text(7);
    job.request.sink = row.as<SinkId>(8);
    if (job.request.kind == JobKind::retry) {
        filter.since = row.optional_time(9);
        filter.until = row.optional_time(10);
    } else {
        job.request.since = row.time(9);
        job.request.until = row.optional_time(10);
    }
    job.request.types = types_of(row.integer(11));
    job.request.per_second = row.real(12);
    job.created_at = row.time(13);
    job.ended_at = row.optional_time(14);
    job.examined = row.as<std::uint64_t>(15);
    job.total = row.as<std::uint64_t>(16);
    job.deliveries = row.as<std::uint64_t>(17);
    return job;
}

}  // namespace pollhook::store
