// What the last commit left behind, kept a second time in a small file of its own. SQLite takes a
// log that ends early, or has a damaged frame, for one that was never written further, and opens an
// older state without a word. The seal says how far the store had come.
//
// Written after the commit and not synced: after a power failure it may be older than the store,
// never newer than what was synced before it was written.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "broker/store/store.h"

namespace mq::broker {

// How much a store holds after a commit.
struct Tally {
  std::uint64_t commits = 0;  // since the store was made
  std::uint64_t rows = 0;
  std::uint64_t total = 0;  // of the mixed() checksums of all rows
  bool operator==(const Tally&) const = default;

  std::uint64_t checksum() const;
};

struct Seal {
  Tally tally;
  std::uint64_t boot = 0;  // of the machine, when it was written
  Durability durability = Durability::power;
};

class SealFile {
 public:
  // Beside the store. Through the same VFS, so that it lies on the same disk.
  SealFile(const std::string& store_path, const char* vfs);
  ~SealFile();
  SealFile(const SealFile&) = delete;
  SealFile& operator=(const SealFile&) = delete;

  struct Missing {};
  struct Damaged {};
  using Found = std::variant<Seal, Missing, Damaged>;
  Found read();

  enum class Sync { no, yes };
  // Makes the file if there is none. An SQLite result code.
  int write(const Seal& seal, Sync sync);

 private:
  int open(int flags);
  void close();

  sqlite3_vfs* vfs_;
  std::string path_;
  std::unique_ptr<std::byte[]> memory_;
  sqlite3_file* file_ = nullptr;
};

std::string seal_path(const std::string& store_path);

}  // namespace mq::broker
