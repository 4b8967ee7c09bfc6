// What stands here may be written: the lint must stay silent about every line. Nothing here is compiled.
#include "coroutine.hpp"

Task<int> named_first(std::string name, bool first)
{
    const Options options{.name = name, .count = 1};
    co_await put(options);
    std::string text = co_await word();
    const Options later{.name = std::move(text)};
    co_await put(later);
    const std::vector<Options> all = {options, later};
    co_await put_all(all);
    const auto count = [name] { return static_cast<int>(name.size()); };
    co_await run(count);
    const std::string chosen = first ? name : std::string("b");
    co_await say(chosen);
    co_return options.count;
}

Task<int> trivial(bool first)
{
    co_await put_point({.x = 1, .y = 2});
    co_await put_point(Point{});
    co_await run([first] { return first ? 1 : 0; });
    co_await run([&first] { return first ? 1 : 0; });
    const int n = first ? co_await number() : 0;
    co_return n;
}

Task<int> constructors()
{
    co_await say("a");
    co_await say(std::string(3, 'x'));
    co_await say({});
    co_await put_constructed(Constructed("a"));
    co_await put_constructed(Constructed{"a"});
    co_return 0;
}

Task<int> a_lambda_of_its_own()
{
    const auto task = [](std::string name) -> Task<int> {
        const Options options{name, 1};
        co_return co_await put(options);
    };
    const auto make = [](std::string name) { return Options{std::move(name), 1}; };
    const Options made = make("a");
    co_await task(made.name);
    co_return 0;
}

Task<int> conditions_beside_a_declaration(int n)
{
    if (co_await number() > n)
        co_return 1;
    const bool more = co_await number() > 3;
    while (more && co_await number() > n)
        ++n;
    co_return n;
}

Task<int> a_lambda_that_awaits_in_a_condition()
{
    const auto task = [](int n) -> Task<int> {
        if (co_await number() > n)
            co_return 1;
        co_return 2;
    };
    co_return co_await task(1);
}

Task<int> awaits_outside_of_conditions(int n)
{
    if (n > 3)
        co_return co_await number();
    co_return co_await number() > n ? 1 : 2;
}

int no_coroutine(std::string name, bool first)
{
    const auto count = [](const Options& options) { return options.count; };
    return count({.name = first ? name : std::string("b")});
}

void spawn()
{
    co_spawn(number(), kept);
}
