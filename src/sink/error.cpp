#include "pollhook/sink/error.hpp"

#include <string>

namespace pollhook::sink {
namespace {

class SinkCategory final : public boost::system::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "sink"; }

    [[nodiscard]] std::string message(int value) const override
    {
        switch (static_cast<Errc>(value)) {
            case Errc::malformed_secret:
                return "a signing secret must be \"whsec_\" and the base64 of 24 to 64 bytes";
            case Errc::malformed_signing_key:
                return "a signing key must be \"whsk_\" and the base64 of an Ed25519 seed of 32 bytes, or of "
                       "the seed and its public key";
        }
        return "unknown sink error";
    }
};

}  // namespace

const boost::system::error_category& sink_category() noexcept
{
    static const SinkCategory category;
    return category;
}

}  // namespace pollhook::sink
