# Everything comes from Debian 12's packages; scripts/install-dependencies names them.
find_package(Threads REQUIRED)
find_package(Boost 1.81 CONFIG REQUIRED COMPONENTS headers json url)
find_package(OpenSSL 3 REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(SQLiteCpp REQUIRED)
find_package(spdlog REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(CLI11 REQUIRED)
find_package(prometheus-cpp REQUIRED)

# Asio, Beast and Asio's SSL, compiled once. Asio's macros are ABI: every user of it gets them from here.
add_library(pollhook_asio STATIC ${PROJECT_SOURCE_DIR}/src/asio/asio.cpp ${PROJECT_SOURCE_DIR}/src/asio/beast.cpp)
target_compile_definitions(pollhook_asio PUBLIC
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED
  # Frames of coroutines come from operator new. aligned_alloc() would go past glibc's cache of each thread;
  # nothing that Asio allocates here needs a larger alignment than malloc() gives.
  BOOST_ASIO_DISABLE_STD_ALIGNED_ALLOC BOOST_ASIO_DISABLE_BOOST_ALIGN)
target_compile_features(pollhook_asio PUBLIC cxx_std_20)
target_link_libraries(pollhook_asio PUBLIC Boost::headers Boost::json Boost::url OpenSSL::SSL Threads::Threads)

# The library headers that most sources share, precompiled once and reused by every room.
add_library(pollhook_precompiled STATIC ${PROJECT_SOURCE_DIR}/src/asio/precompiled.cpp)
target_link_libraries(pollhook_precompiled PUBLIC pollhook_asio spdlog::spdlog PRIVATE pollhook_options)
if(POLLHOOK_PRECOMPILED_HEADERS)
  target_precompile_headers(pollhook_precompiled PRIVATE
    <boost/asio/awaitable.hpp> <boost/asio/co_spawn.hpp> <boost/asio/use_awaitable.hpp>
    <boost/asio/redirect_error.hpp> <boost/asio/io_context.hpp> <boost/asio/post.hpp>
    <boost/asio/steady_timer.hpp> <boost/asio/ip/tcp.hpp>
    <boost/json.hpp> <boost/system/result.hpp> <spdlog/spdlog.h>
    <algorithm> <chrono> <cstdint> <filesystem> <functional> <map> <memory> <optional> <span> <string> <string_view>
    <utility> <vector>)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    target_compile_options(pollhook_precompiled PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
  else()
    target_compile_options(pollhook_precompiled PRIVATE -fpch-preprocess)
  endif()
endif()
