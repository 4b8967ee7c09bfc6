#include "pollhook/store/error.hpp"

#include <string>

namespace pollhook::store {
namespace {

class StoreCategory final : public boost::system::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "store"; }

    [[nodiscard]] std::string message(int value) const override
    {
        switch (static_cast<Errc>(value)) {
            case Errc::full: return "the store is full: no space left on the disk, or max_size is reached";
            case Errc::conflict: return "the stored state changed meanwhile; nothing was written";
            case Errc::closed: return "the store is closed";
            case Errc::in_use: return "another process uses the state directory";
            case Errc::newer_schema: return "the database was written by a newer pollhook";
            case Errc::not_writable: return "the state directory or the database cannot be written";
            case Errc::corrupt: return "the database is damaged";
            case Errc::failed: return "the database failed; whether the last commit is stored is unknown";
        }
        return "unknown store error";
    }
};

}  // namespace

const boost::system::error_category& store_category() noexcept
{
    static const StoreCategory category;
    return category;
}

}  // namespace pollhook::store
