#include "pollhook/store/sqlite_store.hpp"

#include "opening.hpp"
#include "queries.hpp"
#include "reader.hpp"
#include "session.hpp"
#include "state_directory.hpp"
#include "work.hpp"
#include "writer.hpp"

#include <boost/asio/thread_pool.hpp>

#include <filesystem>
#include <optional>
#include <utility>

namespace pollhook::store {

namespace asio = boost::asio;

namespace {

/// A given executor, or that of a thread made for it.
asio::any_io_executor executor_or_thread(
    const asio::any_io_executor& given, std::optional<asio::thread_pool>& thread
)
{
    if (given)
        return given;
    return thread.emplace(1U).get_executor();
}

}  // namespace

class SqliteStore::Impl {
public:
    Impl(const asio::any_io_executor& loop, const SqliteOptions& options)
        : directory_(open_directory(options)),
          writer_(std::make_shared<Writer>(
              loop,
              executor_or_thread(options.writer, write_thread_),
              open_session(options, directory_.get()),
              directory_.get(),
              options.max_size
          )),
          reader_(std::make_shared<Reader>(
              loop, executor_or_thread(options.reader, read_thread_), open_queries(options)
          ))
    {
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    ~Impl()
    {
        // Ends the threads after the job under way; what waits is dropped with those who wait for it.
        for (auto* thread : {&write_thread_, &read_thread_}) {
            if (*thread) {
                (*thread)->stop();
                (*thread)->join();
            }
        }
        reader_->abandon();
        writer_->abandon();
    }

    template <class T, class Action>
    asio::awaitable<base::Result<T>> read(Action action)
    {
        return submit<T, Session>(writer_, WorkKind::read, 0, std::move(action));
    }
    template <class T, class Action>
    asio::awaitable<base::Result<T>> write(std::size_t rows, Action action)
    {
        return submit<T, Session>(writer_, WorkKind::write, rows, std::move(action));
    }
    template <class T, class Action>
    asio::awaitable<base::Result<T>> add(std::size_t rows, Action action)
    {
        return submit<T, Session>(writer_, WorkKind::registration, rows, std::move(action));
    }
    template <class T, class Action>
    asio::awaitable<base::Result<T>> query(Action action)
    {
        return submit<T, Queries>(reader_, WorkKind::read, 0, std::move(action));
    }

    /// A query that also wants to know what is in flight, which only the writer does.
    template <class T, class Action>
    asio::awaitable<base::Result<T>> query_with_flights(Action action)
    {
        asio::awaitable<base::Result<InFlightKeys>> asking =
            read<InFlightKeys>([](Session& session) { return session.lanes.in_flight().keys(); });
        base::Result<InFlightKeys> answer = co_await std::move(asking);
        InFlightKeys keys;
        if (answer)
            keys = std::move(*answer);
        asio::awaitable<base::Result<T>> querying =
            query<T>([action = std::move(action), keys = std::move(keys)](Queries& queries) {
                return action(queries, keys);
            });
        base::Result<T> result = co_await std::move(querying);
        co_return result;
    }

    asio::awaitable<base::Result<Space>> space()
    {
        return read<Space>([writer = writer_.get()](Session&) { return writer->space(); });
    }
    void set_max_size(std::uint64_t bytes) { writer_->set_max_size(bytes); }
    void on_new_events(std::function<void()> listener) { writer_->on_new_events(std::move(listener)); }

    asio::awaitable<void> close()
    {
        // The reader first: it would keep the log from being emptied.
        asio::awaitable<base::Result<void>> reader =
            submit<void, Queries>(reader_, WorkKind::close, 0, [](Queries&) {});
        co_await std::move(reader);
        asio::awaitable<base::Result<void>> writer =
            submit<void, Session>(writer_, WorkKind::close, 0, [](Session&) {});
        co_await std::move(writer);
    }

    [[nodiscard]] const base::Histogram& commit_durations() const noexcept
    {
        return writer_->commit_durations();
    }

private:
    std::unique_ptr<StateDirectory> directory_;
    std::optional<asio::thread_pool> write_thread_;
    std::optional<asio::thread_pool> read_thread_;
    std::shared_ptr<Writer> writer_;
    std::shared_ptr<Reader> reader_;
};

SqliteStore::SqliteStore(asio::any_io_executor loop, SqliteOptions options)
    : impl_(std::make_unique<Impl>(loop, options))
{
}

SqliteStore::~SqliteStore() = default;

// What the daemon itself reads goes to the writing connection: a person's slow query must not keep it
// waiting.

Store::Operation<std::vector<SinkRow>> SqliteStore::open_sinks(std::vector<SinkOpening> sinks)
{
    const std::size_t rows = sinks.size();
    return impl_->write<std::vector<SinkRow>>(rows, [sinks = std::move(sinks)](Session& session) {
        return session.origins.open_sinks(sinks);
    });
}

Store::Operation<void> SqliteStore::pause_sink(SinkId sink, std::string reason, base::TimePoint now)
{
    return impl_->write<void>(1, [sink, reason = std::move(reason), now](Session& session) {
        session.origins.pause_sink(sink, reason, now);
    });
}

Store::Operation<void> SqliteStore::resume_sink(SinkId sink)
{
    return impl_->write<void>(1, [sink](Session& session) { session.origins.resume_sink(sink); });
}

Store::Operation<std::vector<Registered>> SqliteStore::register_tasks(
    std::vector<Registration> batch, base::TimePoint now
)
{
    const std::size_t rows = batch.size();
    return impl_->add<std::vector<Registered>>(rows, [batch = std::move(batch), now](Session& session) {
        return session.tasks.add(batch, now);
    });
}

Store::Operation<std::optional<TaskRow>> SqliteStore::stop_watching(task::TaskKey key, base::TimePoint now)
{
    return impl_->write<std::optional<TaskRow>>(1, [key = std::move(key), now](Session& session) {
        return session.tasks.stop(key, now);
    });
}

Store::Operation<std::vector<WatchedTask>> SqliteStore::watched(
    std::string provider, TaskRow after, std::size_t limit
)
{
    return impl_->read<std::vector<WatchedTask>>([provider = std::move(provider), after, limit](
                                                     Session& session
                                                 ) { return session.tasks.watched(provider, after, limit); });
}

Store::Operation<void> SqliteStore::end_settling(std::vector<TaskRow> tasks)
{
    const std::size_t rows = tasks.size();
    return impl_->write<void>(rows, [tasks = std::move(tasks)](Session& session) {
        session.tasks.end_settling(tasks);
    });
}

Store::Operation<void> SqliteStore::note_contradiction(
    TaskRow task, std::string upstream_status, base::TimePoint at
)
{
    return impl_->write<void>(1, [task, upstream_status = std::move(upstream_status), at](Session& session) {
        session.tasks.note_contradiction(task, upstream_status, at);
    });
}

Store::Operation<Recorded> SqliteStore::record(std::vector<Change> batch, ClaimPolicy policy)
{
    const std::size_t rows = batch.size();
    return impl_->write<Recorded>(
        rows,
        [batch = std::move(batch), policy = std::move(policy)](Session& session) {
            session.outbox_clock.note(policy);
            return session.recorder.record(batch, policy);
        }
    );
}

Store::Operation<void> SqliteStore::start_outbox(base::TimePoint now)
{
    return impl_->write<void>(1, [now](Session& session) { session.outbox_clock.start(now); });
}

Store::Operation<void> SqliteStore::note_outbox(base::TimePoint now)
{
    return impl_->write<void>(1, [now](Session& session) {
        ClaimPolicy policy;
        policy.now = now;
        session.outbox_clock.note(policy);
    });
}

void SqliteStore::set_max_size(std::uint64_t bytes)
{
    impl_->set_max_size(bytes);
}

Store::Operation<std::vector<OriginBacklog>> SqliteStore::backlog()
{
    return impl_->read<std::vector<OriginBacklog>>([](Session& session) { return session.lanes.backlog(); });
}

Store::Operation<Claimed> SqliteStore::claim(std::vector<ClaimRequest> requests, base::TimePoint now)
{
    const std::size_t rows = requests.size();
    return impl_->write<Claimed>(rows, [requests = std::move(requests), now](Session& session) {
        return session.lanes.claim(requests, now);
    });
}

Store::Operation<Settled> SqliteStore::settle(
    std::vector<Settlement> batch,
    std::vector<Announcing> announcements,
    base::TimePoint now,
    ClaimPolicy policy
)
{
    const std::size_t rows = batch.size() + announcements.size();
    return impl_->write<Settled>(
        rows,
        [batch = std::move(batch), announcements = std::move(announcements), now, policy = std::move(policy)](
            Session& session
        ) { return session.settle(batch, announcements, now, policy); }
    );
}

Store::Operation<Settled> SqliteStore::announce(std::vector<Announcing> batch, ClaimPolicy policy)
{
    return settle({}, std::move(batch), {}, std::move(policy));
}

Store::Operation<Reopening> SqliteStore::reopen(DeliveryKey key, base::TimePoint now)
{
    return impl_->write<Reopening>(1, [key, now](Session& session) {
        return session.lanes.reopen(key, now);
    });
}

Store::Operation<Job> SqliteStore::create_job(JobRequest request, base::TimePoint now)
{
    if (request.kind == JobKind::retry && !request.filter.state)
        request.filter.state = DeliveryState::dead;
    // Counting takes its time, so the reader does it.
    Operation<JobScope> survey =
        impl_->query<JobScope>([request](Queries& queries) { return queries.scope_of(request, {}); });
    const base::Result<JobScope> scope = co_await std::move(survey);
    if (!scope)
        co_return scope.error();
    Operation<Job> creation =
        impl_->write<Job>(1, [request = std::move(request), scope = *scope, now](Session& session) {
            return session.jobs.create(request, scope, now);
        });
    base::Result<Job> job = co_await std::move(creation);
    co_return job;
}

Store::Operation<bool> SqliteStore::cancel_job(std::int64_t id, base::TimePoint now)
{
    return impl_->write<bool>(1, [id, now](Session& session) { return session.jobs.cancel(id, now); });
}

Store::Operation<Advanced> SqliteStore::advance_job(
    std::int64_t id, std::size_t limit, base::TimePoint wall_now, base::TimePoint outbox_now
)
{
    return impl_->write<Advanced>(limit, [id, limit, wall_now, outbox_now](Session& session) {
        return session.jobs.advance(id, limit, wall_now, outbox_now);
    });
}

Store::Operation<void> SqliteStore::cancel_task_webhook(TaskRow task, std::string reason, base::TimePoint now)
{
    return impl_->write<void>(1, [task, reason = std::move(reason), now](Session& session) {
        session.lanes.cancel_task_webhook(task, reason, now);
    });
}

Store::Operation<std::string> SqliteStore::last_event_body(TaskRow task)
{
    return impl_->read<std::string>([task](Session& session) { return session.tasks.last_event_body(task); });
}

Store::Operation<Pruned> SqliteStore::prune(base::TimePoint before, std::size_t limit, base::TimePoint now)
{
    return impl_->write<Pruned>(limit, [before, limit, now](Session& session) {
        return session.prune(before, limit, now);
    });
}

Store::Operation<Space> SqliteStore::space()
{
    return impl_->space();
}

Store::Operation<std::optional<std::string>> SqliteStore::meta(std::string name)
{
    return impl_->read<std::optional<std::string>>([name = std::move(name)](Session& session) {
        return session.meta(name);
    });
}

Store::Operation<void> SqliteStore::set_meta(std::string name, std::string value)
{
    return impl_->write<void>(1, [name = std::move(name), value = std::move(value)](Session& session) {
        session.set_meta(name, value);
    });
}

Store::Operation<TaskPage> SqliteStore::tasks(TaskQuery query)
{
    return impl_->query<TaskPage>([query = std::move(query)](Queries& queries) {
        return queries.tasks(query);
    });
}

Store::Operation<std::optional<TaskDetail>> SqliteStore::task(task::TaskKey key)
{
    return impl_->query_with_flights<std::optional<TaskDetail>>(
        [key = std::move(key)](Queries& queries, const InFlightKeys& in_flight) {
            return queries.task(key, in_flight);
        }
    );
}

Store::Operation<EventPage> SqliteStore::events(EventQuery query)
{
    return impl_->query<EventPage>([query = std::move(query)](Queries& queries) {
        return queries.events(query);
    });
}

Store::Operation<DeliveryPage> SqliteStore::deliveries(DeliveryQuery query)
{
    return impl_->query_with_flights<DeliveryPage>([query = std::move(query)](
                                                       Queries& queries, const InFlightKeys& in_flight
                                                   ) { return queries.deliveries(query, in_flight); });
}

Store::Operation<std::optional<DeliveryDetail>> SqliteStore::delivery(DeliveryKey key)
{
    return impl_->query_with_flights<std::optional<DeliveryDetail>>(
        [key](Queries& queries, const InFlightKeys& in_flight) { return queries.delivery(key, in_flight); }
    );
}

Store::Operation<std::uint64_t> SqliteStore::count_matching(JobRequest request)
{
    return impl_->query_with_flights<std::uint64_t>([request = std::move(request)](
                                                        Queries& queries, const InFlightKeys& in_flight
                                                    ) { return queries.scope_of(request, in_flight).total; });
}

Store::Operation<std::vector<SinkSummary>> SqliteStore::sinks()
{
    return impl_->query_with_flights<std::vector<SinkSummary>>(
        [](Queries& queries, const InFlightKeys& in_flight) { return queries.sinks(in_flight); }
    );
}

Store::Operation<std::vector<Job>> SqliteStore::jobs(std::size_t limit)
{
    return impl_->query<std::vector<Job>>([limit](Queries& queries) { return queries.jobs(limit); });
}

Store::Operation<std::optional<Job>> SqliteStore::job(std::int64_t id)
{
    return impl_->query<std::optional<Job>>([id](Queries& queries) { return queries.job(id); });
}

Store::Operation<Totals> SqliteStore::totals()
{
    return impl_->query_with_flights<Totals>([](Queries& queries, const InFlightKeys& in_flight) {
        return queries.totals(in_flight);
    });
}

const base::Histogram& SqliteStore::commit_durations() const noexcept
{
    return impl_->commit_durations();
}

Store::Operation<std::uint64_t> SqliteStore::count_prunable(base::TimePoint before)
{
    return impl_->query<std::uint64_t>([before](Queries& queries) { return queries.count_prunable(before); });
}

void SqliteStore::on_new_events(std::function<void()> listener)
{
    impl_->on_new_events(std::move(listener));
}

asio::awaitable<void> SqliteStore::close()
{
    return impl_->close();
}

}  // namespace pollhook::store
