#include "reader.hpp"

#include "database.hpp"
#include "pollhook/base/text.hpp"

#include <SQLiteCpp/Transaction.h>
#include <boost/asio/post.hpp>
#include <spdlog/spdlog.h>

#include <utility>

namespace pollhook::store {

Reader::Reader(
    boost::asio::any_io_executor loop, boost::asio::any_io_executor thread, std::unique_ptr<Queries> queries
)
    : loop_(std::move(loop)),
      thread_(std::move(thread)),
      queries_(std::move(queries))
{
}

void Reader::enqueue(std::unique_ptr<Work<Queries>> job)
{
    boost::asio::post(thread_, [self = shared_from_this(), job = std::move(job)]() mutable {
        self->run(*job);
        boost::asio::post(self->loop_, [job = std::move(job)] { job->complete(); });
    });
}

void Reader::run(Work<Queries>& job)
{
    if (!queries_) {
        job.fail(Errc::closed);
        return;
    }
    try {
        SQLite::Transaction transaction(queries_->database(), SQLite::TransactionBehavior::DEFERRED);
        job.execute(*queries_);
        transaction.commit();
    } catch (const SQLite::Exception& failure) {
        spdlog::error("store.query_failed: error=\"{}\"", base::printable(failure.what()));
        job.fail(meaning_of(failure) == Errc::corrupt ? Errc::corrupt : Errc::failed);
    }
    if (job.kind() == WorkKind::close)
        queries_.reset();
}

}  // namespace pollhook::store
