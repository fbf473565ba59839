// A disk that fails as disks do, as a VFS of SQLite: in memory, without a clock, and the same for
// the same seed. Writes go to the system's memory and come to the disk when they are synced; a
// power failure keeps, loses or tears what was not, in sectors.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/rng.h"

struct sqlite3_vfs;

namespace mq::sim {

class SimulatedDisk {
 public:
  static constexpr std::size_t sector_bytes = 512;

  explicit SimulatedDisk(Rng rng);
  ~SimulatedDisk();  // nobody has a file of it open
  SimulatedDisk(const SimulatedDisk&) = delete;
  SimulatedDisk& operator=(const SimulatedDisk&) = delete;

  // For sqlite3_open_v2(). Names of files are free.
  const char* vfs() const { return name_.c_str(); }

  // The process is gone: what it wrote is there, what it has open fails from now on, its locks are
  // released.
  void crash();
  // The machine is: of what was not synced, nothing is sure.
  void power_failure();
  std::uint64_t power_failures() const { return power_failures_; }

  // Writes beyond so many bytes, over all files, find the disk full; nothing: no limit.
  // May be called while another thread writes.
  void limit(std::optional<std::size_t> bytes) { limit_ = bytes.value_or(no_limit); }
  // Nothing more can be written, not even over what is there: it is a disk that never overwrites.
  void set_full(bool on) { is_full_ = on; }
  // From now on nothing can be written, or be made to last.
  void set_read_only(bool on) { is_read_only_ = on; }
  void fail_syncs(bool on) { syncs_fail_ = on; }

  std::uint64_t syncs() const { return syncs_; }
  std::size_t bytes_used() const;
  // A file as the system sees it, to look at and to damage; nothing if there is none.
  std::vector<std::byte>* content(const std::string& file);

 private:
  friend struct DiskCalls;
  static constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();
  struct File {
    std::vector<std::byte> seen;    // what the system would read
    std::vector<std::byte> synced;  // what is on the disk for certain
    struct Range {
      std::size_t begin, end;
    };
    std::vector<Range> unsynced;  // in the order in which they were written
    bool is_lasting = false;      // its name has been synced
    const void* locked_by = nullptr;

    void write(std::size_t offset, const void* from, std::size_t bytes);
    void truncate(std::size_t bytes);
    void sync();
    void lose_power(Rng& rng);
  };

  std::shared_ptr<File> open(const std::string& name, bool create);

  const std::string name_;
  Rng rng_;
  std::unique_ptr<sqlite3_vfs> vfs_;
  std::map<std::string, std::shared_ptr<File>> files_;
  std::uint64_t lives_ = 1;  // what was opened in an earlier one is dead
  std::uint64_t power_failures_ = 0;
  std::uint64_t syncs_ = 0;
  std::atomic<std::size_t> limit_{no_limit};
  bool is_full_ = false;
  bool is_read_only_ = false;
  bool syncs_fail_ = false;
};

}  // namespace mq::sim
