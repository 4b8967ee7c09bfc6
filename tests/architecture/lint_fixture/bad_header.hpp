#pragma once

#include "coroutine.hpp"

template <class T>
Task<int> in_a_template_of_a_header(T name)
{
    co_return co_await put(Options{name, 1});  // bad: aggregate-temporary
}

inline Task<int> in_a_header()
{
    co_return co_await put({.name = "a"});  // bad: aggregate-temporary
}
