#include "pollhook/provider/error.hpp"

#include <string>

namespace pollhook::provider {
namespace {

using boost::system::error_category;
using boost::system::error_condition;

class ProviderCategory final : public error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "provider"; }

    [[nodiscard]] std::string message(int value) const override
    {
        switch (static_cast<Errc>(value)) {
            case Errc::unauthorized: return "the relay refused the key";
            case Errc::rate_limited: return "the relay limits the rate of requests";
            case Errc::refused: return "the relay refused the request";
            case Errc::unavailable: return "the relay could not be asked";
            case Errc::redirected: return "the relay sent us elsewhere";
            case Errc::malformed_answer: return "the relay's answer is not what it documents";
            case Errc::suspicious_empty: return "the relay knew none of several tasks";
            case Errc::cancelled: return "the look was cancelled";
        }
        return "unknown provider error";
    }

    [[nodiscard]] bool equivalent(int value, const error_condition& condition) const noexcept override
    {
        if (condition.category() != failure_category())
            return error_category::equivalent(value, condition);
        const bool key_refused = static_cast<Errc>(value) == Errc::unauthorized;
        return condition == make_error_condition(key_refused ? Failure::key_refused : Failure::transient);
    }
};

class FailureCategory final : public error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "provider.failure"; }

    [[nodiscard]] std::string message(int value) const override
    {
        switch (static_cast<Failure>(value)) {
            case Failure::transient: return "a failure that may pass";
            case Failure::key_refused: return "the key was refused";
        }
        return "unknown failure";
    }
};

}  // namespace

const error_category& provider_category() noexcept
{
    static const ProviderCategory category;
    return category;
}

const error_category& failure_category() noexcept
{
    static const FailureCategory category;
    return category;
}

std::string_view name(Errc error) noexcept
{
    switch (error) {
        case Errc::unauthorized: return "unauthorized";
        case Errc::rate_limited: return "rate_limited";
        case Errc::refused: return "refused";
        case Errc::unavailable: return "unavailable";
        case Errc::redirected: return "redirected";
        case Errc::malformed_answer: return "malformed_answer";
        case Errc::suspicious_empty: return "suspicious_empty";
        case Errc::cancelled: return "cancelled";
    }
    return "unavailable";
}

}  // namespace pollhook::provider
