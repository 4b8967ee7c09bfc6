# Flags that every target of ours gets, and ccache when it is there.
add_library(pollhook_options INTERFACE)
target_compile_features(pollhook_options INTERFACE cxx_std_20)
target_compile_options(pollhook_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Woverloaded-virtual -Wformat=2 -Wextra-semi
  -Wno-missing-field-initializers  # naming some members of an options struct is what its defaults are for
  $<$<CXX_COMPILER_ID:GNU>:-Wduplicated-cond -Wlogical-op -Wuseless-cast>
  # Sources that are compiled together see each other's names; the other builds compile them one by one.
  $<$<BOOL:${POLLHOOK_UNITY}>:-Wno-shadow>
  $<$<BOOL:${POLLHOOK_WARNINGS_AS_ERRORS}>:-Werror>)
set(CMAKE_CXX_EXTENSIONS OFF)

# One model for libraries and programs, since they share a precompiled header.
add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fPIE>)
add_link_options(-pie)

# Everything in one process must agree about the sanitizer, so the flags are global.
if(POLLHOOK_SANITIZE)
  add_compile_options(-fsanitize=${POLLHOOK_SANITIZE} -fno-omit-frame-pointer)
  if(POLLHOOK_SANITIZE MATCHES "undefined")
    # The vptr check looks at memory through a pipe, so it gives false alarms in the test that uses up all descriptors.
    add_compile_options(-fno-sanitize-recover=undefined -fno-sanitize=vptr)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC 12 reports Asio's recycled coroutine frames as mismatched, and Asio's fences under thread.
    add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wno-mismatched-new-delete> -Wno-tsan)
  endif()
  add_link_options(-fsanitize=${POLLHOOK_SANITIZE})
endif()

find_program(POLLHOOK_CCACHE ccache)
if(POLLHOOK_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Precompiled headers need these sloppiness settings to be cached at all.
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_NOHASHDIR=1 ${POLLHOOK_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
endif()
