#pragma once

/// What the commands tell the shell, after sysexits.h.
namespace pollhook::cli::exit_code {

inline constexpr int ok = 0;
inline constexpr int failed = 1;
inline constexpr int usage = 64;          ///< the command line is wrong
inline constexpr int bad_input = 65;      ///< a file or an argument's content is wrong
inline constexpr int unreachable = 69;    ///< no daemon answers at the admin address
inline constexpr int try_later = 75;      ///< the daemon has too much to do just now
inline constexpr int configuration = 78;  ///< the configuration is wrong

// `task wait`: what became of the task; `failed` is 1 as everywhere.
inline constexpr int task_cancelled = 2;
inline constexpr int task_lost_or_expired = 3;
inline constexpr int task_not_watched = 4;  ///< somebody removed it before it ended
inline constexpr int timed_out = 124;

}  // namespace pollhook::cli::exit_code
