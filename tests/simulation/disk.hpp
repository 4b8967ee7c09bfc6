#pragma once

#include "pollhook/base/random.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pollhook::simulation {

/// A disk in memory that tells apart what was written and what will survive a power cut.
///
/// A write is seen at once by whoever reads, and is kept apart until the file is synced. When the process is
/// killed everything written stays. When the power is cut, each 512-byte piece of what was not synced
/// survives or does not, at random.
class Disk {
public:
    enum class Operation : std::uint8_t { write, sync, truncate, remove };
    /// What becomes of an operation. A crash freezes the disk before it.
    enum class Fate : std::uint8_t { done, io_error, full, killed, power_cut };

    explicit Disk(std::uint64_t seed) : random_(seed) {}
    Disk(const Disk&) = delete;
    Disk& operator=(const Disk&) = delete;

    struct Change {
        std::size_t offset = 0;
        std::string bytes;
        bool truncates = false;  ///< to `offset`
    };
    struct File {
        std::string content;          ///< as it is read
        std::string durable;          ///< as of the last sync
        std::vector<Change> pending;  ///< since then
        bool durably_there = false;
    };
    using FilePtr = std::shared_ptr<File>;

    /// Asked before every operation that changes something; none: all is well.
    std::function<Fate(Operation)> interfere;

    /// Grows by one with each crash. Whoever opened a file before can do nothing more.
    [[nodiscard]] std::uint64_t boot() const noexcept { return boot_; }
    void kill();
    void cut_power();

    [[nodiscard]] FilePtr find(const std::string& name) const;
    FilePtr create(const std::string& name);
    Fate write(File& file, std::size_t offset, std::string_view bytes);
    Fate truncate(File& file, std::size_t size);
    Fate sync(File& file);
    Fate remove(const std::string& name);

    /// The files as they are now, on another disk.
    [[nodiscard]] std::unique_ptr<Disk> copy() const;
    /// Of a file; 0 when it is not there.
    [[nodiscard]] std::size_t size_of(const std::string& name) const;
    [[nodiscard]] std::uint64_t operations() const noexcept { return operations_; }

private:
    Fate begin(Operation operation);
    static void apply(std::string& content, const Change& change);
    [[nodiscard]] std::string survivor_of(const File& file, double odds);

    base::Random random_;
    std::map<std::string, FilePtr> files_;
    std::map<std::string, FilePtr> removed_;  // not yet for good
    std::uint64_t boot_ = 0;
    std::uint64_t operations_ = 0;
};

}  // namespace pollhook::simulation
