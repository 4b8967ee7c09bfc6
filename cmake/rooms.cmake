# pollhook_room(<name> SOURCES <cpp>... LINKS <targets>...)
#
# One static library for each room: sources beside the calling CMakeLists.txt, headers in include/pollhook/<name>.
# Rooms on the way of a task from its relay to its receiver are optimised together when the program is linked.
set(POLLHOOK_HOT_ROOMS base task http store sink provider poll delivery)
function(pollhook_room name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINKS")
  add_library(pollhook_${name} STATIC ${arg_SOURCES})
  add_library(pollhook::${name} ALIAS pollhook_${name})
  target_include_directories(pollhook_${name} PUBLIC ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries(pollhook_${name} PUBLIC pollhook_asio ${arg_LINKS} PRIVATE pollhook_options spdlog::spdlog)
  pollhook_precompile(pollhook_${name})
  if(POLLHOOK_LTO AND name IN_LIST POLLHOOK_HOT_ROOMS)
    # With machine code beside it, for the tests: only the program itself is worth the time.
    target_compile_options(pollhook_${name} PRIVATE -flto=thin -ffat-lto-objects)
  endif()
  pollhook_unite(pollhook_${name} 8)
endfunction()

# Compiles so many sources of a target at once, where that is wanted.
function(pollhook_unite target sources)
  if(POLLHOOK_UNITY)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${sources})
    # GCC takes the anonymous namespaces of included sources for those of headers.
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
  endif()
endfunction()

# Reuses the shared precompiled headers in a target.
function(pollhook_precompile target)
  if(POLLHOOK_PRECOMPILED_HEADERS)
    target_precompile_headers(${target} REUSE_FROM pollhook_precompiled)
    get_target_property(flags pollhook_precompiled COMPILE_OPTIONS)
    if(flags)
      target_compile_options(${target} PRIVATE ${flags})
    endif()
  endif()
endfunction()

# pollhook_test(<name> SOURCES <cpp>... LINKS <targets>... [LABEL unit|threads|integration|faults] [TIMEOUT <seconds>])
#
# One GoogleTest program, each of its tests known to ctest under the label. `threads` is for what uses threads and has to
# run under ThreadSanitizer. The target tests_<label> builds all programs of a label.
function(pollhook_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT;LABEL" "SOURCES;LINKS")
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${name} PRIVATE ${arg_LINKS} pollhook_test_support pollhook_options spdlog::spdlog GTest::gmock GTest::gtest_main)
  pollhook_precompile(${name})
  pollhook_unite(${name} 5)
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()
  if(NOT arg_LABEL)
    set(arg_LABEL unit)
  endif()
  if(NOT TARGET tests_${arg_LABEL})
    add_custom_target(tests_${arg_LABEL})
  endif()
  add_dependencies(tests_${arg_LABEL} ${name})
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS ${arg_LABEL})
endfunction()
