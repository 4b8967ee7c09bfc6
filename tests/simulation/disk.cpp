#include "disk.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace pollhook::simulation {

namespace {

constexpr std::size_t sector = 512;

}  // namespace

Disk::Fate Disk::begin(Operation operation)
{
    ++operations_;
    const Fate fate = interfere ? interfere(operation) : Fate::done;
    if (fate == Fate::killed)
        kill();
    else if (fate == Fate::power_cut)
        cut_power();
    return fate;
}

void Disk::kill()
{
    ++boot_;
    for (auto& [name, file] : files_)
        file = std::make_shared<File>(*file);
}

void Disk::cut_power()
{
    ++boot_;
    // From everything or nothing of what was on its way to any part of it.
    constexpr std::array odds{0.0, 0.1, 0.5, 0.9, 1.0};
    const double survives = odds.at(static_cast<std::size_t>(random_.between(0, odds.size() - 1)));
    for (const auto& [name, file] : removed_)
        if (random_.unit() < 0.5 && !files_.contains(name))
            files_[name] = file;
    removed_.clear();
    std::map<std::string, FilePtr> left;
    for (const auto& [name, file] : files_) {
        const bool is_there = file->durably_there || random_.unit() < survives;
        if (!is_there)
            continue;
        auto survivor = std::make_shared<File>();
        survivor->content = survivor_of(*file, survives);
        survivor->durable = survivor->content;
        survivor->durably_there = true;
        left[name] = survivor;
    }
    files_ = std::move(left);
}

std::string Disk::survivor_of(const File& file, double odds)
{
    std::string content = file.durable;
    for (const Change& change : file.pending) {
        if (change.truncates) {
            if (random_.unit() < odds)
                apply(content, change);
            continue;
        }
        for (std::size_t from = 0; from < change.bytes.size();) {
            const std::size_t in_sector = sector - (change.offset + from) % sector;
            const std::size_t count = std::min(in_sector, change.bytes.size() - from);
            if (random_.unit() < odds)
                apply(content, {.offset = change.offset + from, .bytes = change.bytes.substr(from, count)});
            from += count;
        }
    }
    return content;
}

Disk::FilePtr Disk::find(const std::string& name) const
{
    const auto found = files_.find(name);
    return found == files_.end() ? nullptr : found->second;
}

Disk::FilePtr Disk::create(const std::string& name)
{
    FilePtr& file = files_[name];
    if (!file)
        file = std::make_shared<File>();
    return file;
}

void Disk::apply(std::string& content, const Change& change)
{
    if (change.truncates) {
        content.resize(change.offset);
        return;
    }
    const std::size_t end = change.offset + change.bytes.size();
    if (content.size() < end)
        content.resize(end);
    std::ranges::copy(change.bytes, content.begin() + static_cast<std::ptrdiff_t>(change.offset));
}

Disk::Fate Disk::write(File& file, std::size_t offset, std::string_view bytes)
{
    if (const Fate fate = begin(Operation::write); fate != Fate::done)
        return fate;
    file.pending.push_back({.offset = offset, .bytes = std::string(bytes)});
    apply(file.content, file.pending.back());
    return Fate::done;
}

Disk::Fate Disk::truncate(File& file, std::size_t size)
{
    if (const Fate fate = begin(Operation::truncate); fate != Fate::done)
        return fate;
    file.pending.push_back({.offset = size, .bytes = {}, .truncates = true});
    apply(file.content, file.pending.back());
    return Fate::done;
}

Disk::Fate Disk::sync(File& file)
{
    if (const Fate fate = begin(Operation::sync); fate != Fate::done)
        return fate;
    for (const Change& change : file.pending)
        apply(file.durable, change);
    file.pending.clear();
    file.durably_there = true;
    // As on a journalling file system: what happened to directories before comes with it.
    removed_.clear();
    return Fate::done;
}

Disk::Fate Disk::remove(const std::string& name)
{
    if (const Fate fate = begin(Operation::remove); fate != Fate::done)
        return fate;
    const auto found = files_.find(name);
    if (found == files_.end())
        return Fate::done;
    if (found->second->durably_there)
        removed_[name] = found->second;
    files_.erase(found);
    return Fate::done;
}

std::unique_ptr<Disk> Disk::copy() const
{
    auto other = std::make_unique<Disk>(0);
    for (const auto& [name, file] : files_)
        other->files_[name] = std::make_shared<File>(*file);
    return other;
}

std::size_t Disk::size_of(const std::string& name) const
{
    const FilePtr file = find(name);
    return file ? file->content.size() : 0;
}

}  // namespace pollhook::simulation
