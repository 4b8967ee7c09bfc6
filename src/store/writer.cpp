#include "writer.hpp"

#include "database.hpp"
#include "pollhook/base/text.hpp"

#include <boost/asio/post.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <iterator>
#include <utility>

namespace pollhook::store {
namespace {

/// Rows in one transaction, unless a single job has more: about 30 ms of work.
constexpr std::size_t rows_in_commit = 2000;

base::SteadyPoint steady_now()
{
    return std::chrono::time_point_cast<base::Duration>(std::chrono::steady_clock::now());
}

/// In seconds, around what a disk takes for one sync.
constexpr std::array commit_bounds{
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0
};

bool writes(const Work<Session>* job)
{
    return job->kind() == WorkKind::write || job->kind() == WorkKind::registration;
}

bool is_registration(const Work<Session>* job)
{
    return job->kind() == WorkKind::registration;
}

}  // namespace

Writer::Writer(
    boost::asio::any_io_executor loop,
    boost::asio::any_io_executor thread,
    std::unique_ptr<Session> session,
    StateDirectory* directory,
    std::uint64_t max_size
)
    : loop_(std::move(loop)),
      thread_(std::move(thread)),
      directory_(directory),
      max_size_(max_size),
      commit_durations_(commit_bounds),
      session_(std::move(session))
{
}

void Writer::enqueue(std::unique_ptr<Work<Session>> job)
{
    boost::asio::post(thread_, [self = shared_from_this(), job = std::move(job)]() mutable {
        self->gather(std::move(job));
    });
}

void Writer::gather(std::unique_ptr<Work<Session>> job)
{
    gathered_.push_back(std::move(job));
    if (!std::exchange(flush_posted_, true))
        post_flush();
}

void Writer::post_flush()
{
    flush_posted_ = true;
    boost::asio::post(thread_, [self = shared_from_this()] { self->flush(); });
}

void Writer::flush()
{
    flush_posted_ = false;
    if (gathered_.empty())
        return;  // abandoned meanwhile
    Works jobs = take_batch();
    Batch batch;
    batch.reserve(jobs.size());
    for (const auto& job : jobs)
        batch.push_back(job.get());
    run(batch);
    const bool has_new_events = session_ && session_->take_new_events();
    if (jobs.back()->kind() == WorkKind::close)
        close();
    boost::asio::post(loop_, [self = shared_from_this(), jobs = std::move(jobs), has_new_events] {
        for (const auto& job : jobs)
            job->complete();
        if (has_new_events && self->listener_)
            self->listener_();
    });
    checkpoint(Session::Load::busy);
    if (!gathered_.empty())
        post_flush();
    else
        // Behind whatever was queued meanwhile.
        boost::asio::post(thread_, [self = shared_from_this()] {
            if (self->gathered_.empty())
                self->checkpoint(Session::Load::idle);
        });
}

Writer::Works Writer::take_batch()
{
    std::size_t rows = 0;
    auto end = gathered_.begin();
    while (end != gathered_.end()) {
        rows += (*end)->rows();
        if (end != gathered_.begin() && rows > rows_in_commit)
            break;
        const bool is_last = (*end)->kind() == WorkKind::close;
        ++end;
        if (is_last)
            break;
    }
    Works batch(std::make_move_iterator(gathered_.begin()), std::make_move_iterator(end));
    gathered_.erase(gathered_.begin(), end);
    return batch;
}

void Writer::run(const Batch& batch)
{
    Batch jobs = batch;
    if (!broken_ && std::ranges::any_of(batch, is_registration) && !has_space())
        jobs = refuse_registrations(batch);
    if (broken_) {  // perhaps only just now, by the question for space
        fail(batch, *broken_);
        return;
    }
    std::optional<Errc> failure = transact(jobs);
    if (failure == Errc::full) {
        release_reserve();
        jobs = refuse_registrations(jobs);
        failure = transact(jobs);
        if (failure == Errc::full && begin_log_anew())
            failure = transact(jobs);
    }
    if (failure == Errc::conflict)
        run_one_by_one(jobs);
    else if (failure)
        fail(jobs, *failure);
}

bool Writer::has_space()
{
    if (directory_ != nullptr && !directory_->restore_reserve())
        return false;
    note_space();
    try {
        const bool has = session_->size_bytes() < max_size_;
        if (has)
            over_size_.ended(steady_now());
        else if (over_size_.happened(steady_now()) != base::Episode::Line::none)
            spdlog::error("store.max_size_reached: limit={} (no new tasks are taken)", max_size_.load());
        return has;
    } catch (const SQLite::Exception& failure) {
        break_down(meaning_of(failure), failure.what());
        return false;
    }
}

Space Writer::space()
{
    if (session_->size_bytes() >= max_size_)
        return Space::none_below_max_size;
    // A full disk may be news, since what is written takes the log's place at first; and it may be over,
    // though nobody registered anything since.
    if (directory_ != nullptr && !directory_->has_space())
        return Space::none_on_disk;
    note_space();
    return Space::enough;
}

Writer::Batch Writer::refuse_registrations(const Batch& batch)
{
    Batch others;
    for (Work<Session>* job : batch) {
        if (is_registration(job))
            job->fail(Errc::full);
        else
            others.push_back(job);
    }
    return others;
}

void Writer::run_one_by_one(const Batch& jobs)
{
    for (Work<Session>* job : jobs)
        if (const auto failure = broken_ ? broken_ : transact({job}))
            job->fail(*failure);
}

std::optional<Errc> Writer::transact(const Batch& jobs)
{
    const bool in_transaction = std::ranges::any_of(jobs, writes);
    // Real time also where the daemon's is simulated: the disk's pace is not the clock's.
    const auto begin = std::chrono::steady_clock::now();
    try {
        if (in_transaction)
            session_->begin();
        for (Work<Session>* job : jobs)
            job->execute(*session_);
    } catch (const SQLite::Exception& failure) {
        return undo(meaning_of(failure), failure.what());
    } catch (const std::exception& failure) {
        return undo(Errc::failed, failure.what());
    }
    if (!in_transaction)
        return std::nullopt;
    try {
        session_->commit();
    } catch (const SQLite::Exception& failure) {
        // A full disk refuses the last page of the transaction, so it is not there, and what is written next
        // takes its place in the log. After anything else nobody knows.
        const Errc reason = meaning_of(failure);
        return undo(reason == Errc::conflict ? Errc::failed : reason, failure.what());
    }
    commit_durations_.observe(std::chrono::steady_clock::now() - begin);
    look_for_space();
    return std::nullopt;
}

std::optional<Errc> Writer::undo(Errc reason, const char* what)
{
    if (reason != Errc::full && reason != Errc::conflict)
        return break_down(reason, what);
    try {
        session_->roll_back();
    } catch (const SQLite::Exception& failure) {
        return break_down(Errc::failed, failure.what());
    }
    return reason;
}

Errc Writer::break_down(Errc reason, const char* what)
{
    spdlog::critical(
        "store.failed: error=\"{}\" (nothing more is written; restart to recover)", base::printable(what)
    );
    broken_ = reason;
    return reason;
}

void Writer::fail(const Batch& jobs, Errc reason)
{
    for (Work<Session>* job : jobs)
        job->fail(reason);
}

void Writer::release_reserve()
{
    constexpr base::Duration pause = std::chrono::minutes(1);
    if (!disk_full_.lasts())
        next_look_for_space_ = steady_now() + pause;
    const base::Episode::Line line = disk_full_.happened(steady_now());
    if (line == base::Episode::Line::begins)
        spdlog::error("store.disk_full: no new tasks are taken until there is space again");
    else if (line == base::Episode::Line::goes_on)
        spdlog::error("store.disk_full: still no space, no new tasks are taken");
    if (directory_ != nullptr)
        directory_->release_reserve();
}

void Writer::look_for_space()
{
    constexpr base::Duration pause = std::chrono::minutes(1);
    if (!disk_full_.lasts() || steady_now() < next_look_for_space_)
        return;
    next_look_for_space_ = steady_now() + pause;
    if (directory_ == nullptr || directory_->restore_reserve())
        note_space();
}

void Writer::note_space()
{
    if (const auto length = disk_full_.ended(steady_now()))
        spdlog::info(
            "store.has_space: after={} (new tasks are taken again)",
            base::format_duration(std::chrono::floor<std::chrono::seconds>(*length))
        );
}

/// False when that was not possible either.
bool Writer::begin_log_anew()
{
    try {
        session_->begin_log_anew();
        return true;
    } catch (const SQLite::Exception& failure) {
        if (meaning_of(failure) != Errc::full)
            break_down(meaning_of(failure), failure.what());
        return false;
    }
}

void Writer::checkpoint(Session::Load load)
{
    if (broken_)
        return;
    try {
        session_->checkpoint_if_due(load);
    } catch (const SQLite::Exception& failure) {
        if (meaning_of(failure) == Errc::full)
            release_reserve();
        else
            break_down(meaning_of(failure), failure.what());
    }
}

void Writer::close()
{
    if (!broken_) {
        try {
            session_->checkpoint_all();
        } catch (const SQLite::Exception& failure) {
            // All of it is in the log, and the next start goes on from there.
            spdlog::warn("store.checkpoint_failed: error=\"{}\"", base::printable(failure.what()));
        }
    }
    end();
}

void Writer::end() noexcept
{
    session_.reset();
    if (!broken_)
        broken_ = Errc::closed;
}

void Writer::abandon() noexcept
{
    end();
    // Those who wait for a job hold this writer, which holds the job.
    gathered_.clear();
}

}  // namespace pollhook::store
