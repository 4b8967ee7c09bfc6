#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace pollhook::cli {

/// What a command printed, and its exit code.
struct Result {
    int code = 0;
    std::string out;
    std::string error;
};

template <class Command>
Result run_command(Command command)
{
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    Result result;
    result.code = command();
    std::fflush(stdout);
    result.out = ::testing::internal::GetCapturedStdout();
    result.error = ::testing::internal::GetCapturedStderr();
    return result;
}

}  // namespace pollhook::cli
