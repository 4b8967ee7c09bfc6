// One line for each way to write a shape that GCC 12 miscompiles. The comment names the finding, and every
// other line must stay without one. Nothing here is compiled.
#include "bad_header.hpp"

Task<int> aggregates(std::string name)
{
    co_await put({.name = "a", .count = 1});  // bad: aggregate-temporary
    co_await put({"a", 1});                   // bad: aggregate-temporary
    co_await put(Options{});                  // bad: aggregate-temporary
    co_await put(Options{.name = name});      // bad: aggregate-temporary
    co_await put(Options(name, 1));           // bad: aggregate-temporary
    const int n = co_await put({name});       // bad: aggregate-temporary
    if (co_await put({name}) > n)             // bad: aggregate-temporary
        co_return n;
    for (int i = 0; i < co_await put({name}); ++i)  // bad: aggregate-temporary
        co_await number();
    co_return co_await put({name});  // bad: aggregate-temporary
}

Task<int> aggregates_around_an_await()
{
    Options options{.name = co_await word()};   // bad: aggregate-around-await
    Options others[] = {{co_await word(), 1}};  // bad: aggregate-around-await
    options = {co_await word(), 2};             // bad: aggregate-temporary aggregate-around-await
    co_return others[0].count + options.count;
}

Task<int> closures(std::string name)
{
    co_await run([name] { return name.empty(); });                  // bad: closure-temporary
    co_await run([own = std::move(name)] { return own.empty(); });  // bad: closure-temporary
    co_return 0;
}

Task<int> conditionals(bool first, std::string name)
{
    co_await say(first ? name : std::string("b"));              // bad: conditional-temporary
    co_await say(first ? std::string("a") : std::string("b"));  // bad: conditional-temporary
    const std::string chosen = first ? co_await word() : name;  // bad: conditional-temporary
    co_await say(chosen);
    co_return 0;
}

Task<int> lists(std::string name)
{
    co_await put_words({"a", "b"});                               // bad: initializer-list
    co_await put_all({Options{name, 1}});                         // bad: aggregate-temporary initializer-list
    const std::vector<std::string> words{co_await word(), name};  // bad: initializer-list
    co_return static_cast<int>(words.size());
}

Task<int> an_if_as_the_first_statement(int n)
{
    if (co_await number() > n)  // bad: await-in-condition
        co_return 1;
    co_return 2;
}

Task<int> conditions_where_nothing_is_declared(int n)
{
    ++n;
    if (n > 100)
        co_return 0;
    else if (!co_await number())  // bad: await-in-condition
        co_return 1;
    for (;;) {
        while (co_await number() < n)  // bad: await-in-condition
            ++n;
        do {  // bad: await-in-condition
            --n;
        } while (co_await number() > n);
        for (; n > 3 && co_await number() == n;)  // bad: await-in-condition
            co_await number();
        switch (co_await number()) {  // bad: await-in-condition
            default: co_return 2;
        }
    }
}

struct Member {
    Task<int> wait(int n)
    {
        if (co_await number() > n)  // bad: await-in-condition
            ++count;
        co_return count;
    }

    int count = 0;
};

Task<int> captures(std::string name)
{
    const auto task = [&name]() -> Task<int> {  // bad: coroutine-lambda-capture
        co_await say(name);
        co_return 0;
    };
    co_await in_a_template_of_a_header(name);
    co_await in_a_header();
    co_return co_await task();
}

void spawn()
{
    co_spawn(number(), detached);  // bad: detached
}
