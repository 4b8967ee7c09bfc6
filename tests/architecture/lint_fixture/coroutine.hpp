#pragma once

#include <coroutine>
#include <exception>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

/// The least that makes a function a coroutine, so that the fixtures are read in a moment.
template <class T>
struct Task {
    struct promise_type {
        Task get_return_object() { return {}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_value(T) {}
        void unhandled_exception() { std::terminate(); }
    };

    bool await_ready() { return true; }
    void await_suspend(std::coroutine_handle<>) {}
    T await_resume() { return T(); }
};

struct Options {
    std::string name;
    int count = 0;
};

struct Point {
    int x = 0;
    int y = 0;
};

struct Constructed {
    explicit Constructed(std::string given) : name(std::move(given)) {}
    std::string name;
};

struct detached_t {};
inline constexpr detached_t detached;
struct kept_t {};
inline constexpr kept_t kept;
template <class Token>
void co_spawn(Task<int>, const Token&);

Task<int> number();
Task<std::string> word();
Task<int> put(const Options& options);
Task<int> put_all(const std::vector<Options>& options);
Task<int> put_words(std::initializer_list<std::string> words);
Task<int> put_point(Point point);
Task<int> put_constructed(Constructed constructed);
Task<int> say(std::string text);
template <class F>
Task<int> run(F work)
{
    co_return work();
}
