#include "sim/disk/simulated_disk.h"

#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>

#include "base/ensure.h"

namespace mq::sim {

// What SQLite calls; a friend of the disk. A handle begins with what SQLite knows of it.
struct DiskCalls {
  struct Handle {
    sqlite3_file base;
    SimulatedDisk* disk;
    std::shared_ptr<SimulatedDisk::File>* file;
    std::uint64_t life;

    bool is_dead() const { return life != disk->lives_; }
  };
  static Handle& of(sqlite3_file* file) { return *reinterpret_cast<Handle*>(file); }
  static SimulatedDisk& of(sqlite3_vfs* vfs) { return *static_cast<SimulatedDisk*>(vfs->pAppData); }

  static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* granted);
  static int remove(sqlite3_vfs* vfs, const char* name, int) {
    of(vfs).files_.erase(name);
    return SQLITE_OK;
  }
  static int access(sqlite3_vfs* vfs, const char* name, int, int* result) {
    *result = of(vfs).files_.contains(name) ? 1 : 0;
    return SQLITE_OK;
  }
  static int full_name(sqlite3_vfs*, const char* name, int bytes, char* into) {
    sqlite3_snprintf(bytes, into, "%s", name);
    return SQLITE_OK;
  }
  static int randomness(sqlite3_vfs* vfs, int bytes, char* into) {
    for (int at = 0; at < bytes; ++at) into[at] = static_cast<char>(of(vfs).rng_.next());
    return bytes;
  }
  static int sleep(sqlite3_vfs*, int) { return 0; }
  static int time(sqlite3_vfs*, double* now) {
    *now = 0;
    return SQLITE_OK;
  }
  static int last_error(sqlite3_vfs*, int, char*) { return 0; }

  static int close(sqlite3_file* file) {
    Handle& handle = of(file);
    unlock(file, SQLITE_LOCK_NONE);
    delete handle.file;
    file->pMethods = nullptr;
    return SQLITE_OK;
  }
  static int read(sqlite3_file* file, void* into, int bytes, sqlite3_int64 offset);
  static int write(sqlite3_file* file, const void* from, int bytes, sqlite3_int64 offset);
  static int truncate(sqlite3_file* file, sqlite3_int64 bytes);
  static int sync(sqlite3_file* file, int);
  static int size(sqlite3_file* file, sqlite3_int64* bytes) {
    if (of(file).is_dead()) return SQLITE_IOERR_FSTAT;
    *bytes = static_cast<sqlite3_int64>((*of(file).file)->seen.size());
    return SQLITE_OK;
  }
  // One handle at a time: the store wants its file for itself anyway.
  static int lock(sqlite3_file* file, int) {
    const void*& owner = (*of(file).file)->locked_by;
    if (of(file).is_dead()) return SQLITE_IOERR_LOCK;
    if (owner != nullptr && owner != file) return SQLITE_BUSY;
    owner = file;
    return SQLITE_OK;
  }
  static int unlock(sqlite3_file* file, int level) {
    const void*& owner = (*of(file).file)->locked_by;
    if (level == SQLITE_LOCK_NONE && owner == file) owner = nullptr;
    return SQLITE_OK;
  }
  static int is_locked(sqlite3_file* file, int* result) {
    *result = (*of(file).file)->locked_by != nullptr ? 1 : 0;
    return SQLITE_OK;
  }
  static int control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
  static int sector_size(sqlite3_file*) { return SimulatedDisk::sector_bytes; }
  // As SQLite assumes of real disks: a write that is torn leaves the bytes beside it alone.
  static int characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

  static constexpr sqlite3_io_methods methods{
      1,       close,     read,    write,       truncate,        sync,    size,    lock,
      unlock,  is_locked, control, sector_size, characteristics, nullptr, nullptr, nullptr,
      nullptr, nullptr,   nullptr};
};

int DiskCalls::open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags,
                    int* granted) {
  SimulatedDisk& disk = of(vfs);
  file->pMethods = nullptr;
  if (name == nullptr) return SQLITE_CANTOPEN;  // a temporary file: nobody here needs one
  const bool create = (flags & SQLITE_OPEN_CREATE) != 0;
  if (disk.is_read_only_ && create && !disk.files_.contains(name)) return SQLITE_CANTOPEN;
  auto found = disk.open(name, create);
  if (found == nullptr) return SQLITE_CANTOPEN;
  Handle& handle = of(file);
  handle.disk = &disk;
  handle.file = new std::shared_ptr<SimulatedDisk::File>(std::move(found));
  handle.life = disk.lives_;
  file->pMethods = &methods;
  if (granted == nullptr) return SQLITE_OK;
  *granted = flags;
  if (disk.is_read_only_) *granted = (flags & ~SQLITE_OPEN_READWRITE) | SQLITE_OPEN_READONLY;
  return SQLITE_OK;
}

int DiskCalls::read(sqlite3_file* file, void* into, int bytes, sqlite3_int64 offset) {
  if (of(file).is_dead()) return SQLITE_IOERR_READ;
  const auto& seen = (*of(file).file)->seen;
  const auto begin = std::min(static_cast<std::size_t>(offset), seen.size());
  const auto count = std::min(static_cast<std::size_t>(bytes), seen.size() - begin);
  if (count > 0) std::memcpy(into, seen.data() + begin, count);
  if (count == static_cast<std::size_t>(bytes)) return SQLITE_OK;
  std::memset(static_cast<std::byte*>(into) + count, 0, static_cast<std::size_t>(bytes) - count);
  return SQLITE_IOERR_SHORT_READ;
}

int DiskCalls::write(sqlite3_file* file, const void* from, int bytes, sqlite3_int64 offset) {
  Handle& handle = of(file);
  if (handle.is_dead()) return SQLITE_IOERR_WRITE;
  if (handle.disk->is_read_only_) return SQLITE_READONLY;
  if (handle.disk->is_full_) return SQLITE_FULL;
  SimulatedDisk::File& to = **handle.file;
  const std::size_t end = static_cast<std::size_t>(offset) + static_cast<std::size_t>(bytes);
  const std::size_t grows = end > to.seen.size() ? end - to.seen.size() : 0;
  if (grows > 0 && handle.disk->bytes_used() + grows > handle.disk->limit_) return SQLITE_FULL;
  to.write(static_cast<std::size_t>(offset), from, static_cast<std::size_t>(bytes));
  return SQLITE_OK;
}

int DiskCalls::truncate(sqlite3_file* file, sqlite3_int64 bytes) {
  if (of(file).is_dead()) return SQLITE_IOERR_TRUNCATE;
  if (of(file).disk->is_read_only_) return SQLITE_READONLY;
  (*of(file).file)->truncate(static_cast<std::size_t>(bytes));
  return SQLITE_OK;
}

int DiskCalls::sync(sqlite3_file* file, int) {
  if (of(file).is_dead() || of(file).disk->syncs_fail_) return SQLITE_IOERR_FSYNC;
  (*of(file).file)->sync();
  ++of(file).disk->syncs_;
  return SQLITE_OK;
}

SimulatedDisk::SimulatedDisk(Rng rng)
    : name_([] {
        static std::atomic<int> disks{0};  // a VFS is known by its name in all of the process
        return "mqttlab-disk-" + std::to_string(++disks);
      }()),
      rng_(rng),
      vfs_(std::make_unique<sqlite3_vfs>()) {
  *vfs_ = sqlite3_vfs{};
  vfs_->iVersion = 1;
  vfs_->szOsFile = sizeof(DiskCalls::Handle);
  vfs_->mxPathname = 512;
  vfs_->zName = name_.c_str();
  vfs_->pAppData = this;
  vfs_->xOpen = DiskCalls::open;
  vfs_->xDelete = DiskCalls::remove;
  vfs_->xAccess = DiskCalls::access;
  vfs_->xFullPathname = DiskCalls::full_name;
  vfs_->xRandomness = DiskCalls::randomness;
  vfs_->xSleep = DiskCalls::sleep;
  vfs_->xCurrentTime = DiskCalls::time;
  vfs_->xGetLastError = DiskCalls::last_error;
  ensure(sqlite3_vfs_register(vfs_.get(), 0) == SQLITE_OK, "SQLite takes a VFS");
}

SimulatedDisk::~SimulatedDisk() { sqlite3_vfs_unregister(vfs_.get()); }

std::shared_ptr<SimulatedDisk::File> SimulatedDisk::open(const std::string& name, bool create) {
  const auto found = files_.find(name);
  if (found != files_.end()) return found->second;
  if (!create) return nullptr;
  return files_.emplace(name, std::make_shared<File>()).first->second;
}

std::size_t SimulatedDisk::bytes_used() const {
  std::size_t used = 0;
  for (const auto& [name, file] : files_) used += file->seen.size();
  return used;
}

std::vector<std::byte>* SimulatedDisk::content(const std::string& file) {
  const auto found = files_.find(file);
  return found == files_.end() ? nullptr : &found->second->seen;
}

void SimulatedDisk::crash() {
  ++lives_;
  for (auto& [name, file] : files_) file->locked_by = nullptr;
}

void SimulatedDisk::power_failure() {
  crash();
  ++power_failures_;
  std::erase_if(files_, [](const auto& entry) { return !entry.second->is_lasting; });
  for (auto& [name, file] : files_) file->lose_power(rng_);
}

void SimulatedDisk::File::write(std::size_t offset, const void* from, std::size_t bytes) {
  if (seen.size() < offset + bytes) seen.resize(offset + bytes);
  std::memcpy(seen.data() + offset, from, bytes);
  // A page and the one behind it are one range; there are fewer of those than of writes.
  if (!unsynced.empty() && unsynced.back().end == offset)
    unsynced.back().end = offset + bytes;
  else
    unsynced.push_back({offset, offset + bytes});
}

void SimulatedDisk::File::truncate(std::size_t bytes) {
  if (bytes >= seen.size()) return;
  seen.resize(bytes);
  unsynced.push_back({bytes, bytes});
}

void SimulatedDisk::File::sync() {
  is_lasting = true;
  synced.resize(seen.size());
  for (const Range& range : std::exchange(unsynced, {})) {
    const std::size_t end = std::min(range.end, seen.size());
    if (range.begin < end)
      std::memcpy(synced.data() + range.begin, seen.data() + range.begin, end - range.begin);
  }
}

// Every sector that was written to and not synced is as before or as it was to become; which, is a
// matter of luck: all, none, those that were written first, or any.
void SimulatedDisk::File::lose_power(Rng& rng) {
  if (unsynced.empty()) return;
  const auto luck = rng.next() % 4;
  std::vector<std::byte> left = synced;
  std::size_t sectors = 0;
  for (const Range& range : unsynced)
    sectors += (range.end - range.begin + sector_bytes - 1) / sector_bytes;
  std::size_t first_ones = luck == 2 && sectors > 0 ? rng.next() % (sectors + 1) : 0;
  for (const Range& range : std::exchange(unsynced, {}))
    for (std::size_t at = range.begin; at < range.end;) {
      const std::size_t end = std::min(range.end, (at / sector_bytes + 1) * sector_bytes);
      const bool kept =
          luck == 1 || (luck == 2 && first_ones > 0) || (luck == 3 && rng.next() % 2 == 0);
      if (first_ones > 0) --first_ones;
      const std::size_t there = std::min(end, seen.size());
      if (kept && at < there) {
        if (left.size() < there) left.resize(there);
        std::memcpy(left.data() + at, seen.data() + at, there - at);
      }
      at = end;
    }
  // A file that was made shorter may be as long as before.
  if (left.size() > seen.size() && luck != 0) left.resize(seen.size());
  seen = left;
  synced = std::move(left);
}

}  // namespace mq::sim
