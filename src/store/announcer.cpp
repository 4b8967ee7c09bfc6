#include "announcer.hpp"

#include "pollhook/task/trace.hpp"
#include "statement.hpp"

#include <memory>
#include <string>
#include <utility>

namespace pollhook::store {

Announcer::Announcer(SQLite::Database& database, Counts& counts, Lanes& lanes)
    : database_(database),
      counts_(counts),
      lanes_(lanes),
      advance_(
          database,
          "INSERT INTO tasks (provider, task_id, sequence, registered_at, changed_at, ended_at)"
          " VALUES ('', ?1, 1, ?2, ?2, ?2) ON CONFLICT (provider, task_id) DO UPDATE"
          " SET sequence = sequence + 1, changed_at = ?2, ended_at = max(ended_at, ?2) RETURNING id, sequence"
      ),
      event_(
          database,
          "INSERT INTO events (task, sequence, type, at, event_id, upstream_at, body, traceparent)"
          " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
      )
{
}

void Announcer::announce(const std::vector<Announcing>& batch, Claims& claims)
{
    for (const Announcing& announcing : batch)
        announce(announcing, claims);
}

void Announcer::announce(const Announcing& announcing, Claims& claims)
{
    const task::Announcement& announcement = announcing.announcement;
    TaskRow subject{};
    auto event = std::make_shared<StoredEvent>();
    {
        Run advance(advance_, announcement.subject, announcement.at);
        advance.next();
        subject = advance.as<TaskRow>(0);
        event->sequence = advance.as<std::uint32_t>(1);
    }
    event->id = task::event_id(announcement, event->sequence);
    event->type = announcement.type;
    event->task.id = announcement.subject;
    event->at = announcement.at;
    task::EventBody body = task::assemble(announcement, event->sequence);
    event->body = std::move(body.bytes);
    event->upstream_at = body.upstream_at;
    event->traceparent = task::begin_trace(event->id).text();
    execute(
        event_,
        subject,
        event->sequence,
        event->type,
        event->at,
        event->id,
        event->upstream_at,
        Blob{event->body},
        event->traceparent
    );
    event->row = database_.getLastInsertRowid();
    counts_.add_events(1);
    for (const SinkRow& sink : announcing.sinks) {
        const Lanes::NewDelivery delivery{
            .key = {subject, sink.id, event->sequence},
            .origin = sink.origin,
            .event = event->row,
            .type = event->type,
            .latest = false,
            .at = event->at,
        };
        if (!lanes_.add(delivery, claims))
            continue;
        ClaimedDelivery claimed;
        claimed.key = delivery.key;
        claimed.origin = sink.origin;
        claimed.committed_at = event->at;
        claimed.event = event;
        claims.add(std::move(claimed));
    }
}

}  // namespace pollhook::store
