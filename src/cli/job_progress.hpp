#pragma once

#include "session.hpp"

#include <boost/json/object.hpp>

#include <string>

namespace pollhook::cli {

/// Whether a command that started a job waits for its end.
enum class Waiting : bool { no, yes };

/// What a job of the API does: `replay to ops`, `retry`.
std::string job_text(const boost::json::object& job);
/// How far it is, in a line, or the job as it came.
void print_job(const boost::json::object& job, OutputFormat output);

/// Shows the job that the daemon has just created (`created` is its answer), and follows it to its end with
/// progress on a terminal. Gives the exit code: 1 when the job was cancelled.
int follow_job(Session& session, const std::string& created, Waiting waiting);

}  // namespace pollhook::cli
