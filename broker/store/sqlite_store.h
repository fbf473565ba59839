// The broker's store on a disk: one SQLite file in WAL mode, with a log (-wal) and a seal (-seal)
// beside it, open for one broker at a time. A commit is one transaction over everything appended
// since the last one.
//
// Every record carries a checksum, every commit a tally of all records, and the seal says which
// commit was the last: a record that was altered or lost is found when the store is opened.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "broker/store/batch.h"
#include "broker/store/seal.h"
#include "broker/store/sqlite.h"
#include "broker/store/store.h"
#include "broker/store/store_index.h"

namespace mq::broker {

struct SqliteStoreOptions {
  std::string path;
  Durability durability = Durability::power;  // process or power
  WallClock clock{};
  // Tells one run of the machine from the next: what Durability::process wrote may be gone after a
  // power failure, and only then.
  std::uint64_t boot = 0;
  const char* vfs = nullptr;  // the name of a registered one; nothing: the system's
};

class SqliteStore final : public Store {
 public:
  // Makes the store if there is none. Throws StoreError, as does recover(): the file is then as it
  // was found.
  explicit SqliteStore(SqliteStoreOptions options);
  // A store in order writes its log into its file, so that the file alone is a copy of all.
  ~SqliteStore() override;

  // Once, before anything else.
  Recovered recover() override;
  void append(std::uint64_t sequence, Record record) override;
  // If the disk does not take it, the answer stays behind what was appended and problem() says
  // why. Nothing is forgotten: the next commit tries all of it again.
  std::uint64_t commit() override;

  const std::optional<std::string>& problem() const { return problem_; }
  const Tally& tally() const { return batch_.written_tally(); }
  std::size_t messages() const { return index_.messages(); }
  std::size_t sessions() const { return index_.sessions(); }

 private:
  void offer_repair(const StoreError& error) const;
  void refuse_remains();
  void prepare();
  void compare_with_seal(const Tally& found, std::vector<std::string>& damage);
  int write_rows(const Tally& tally);
  int write_seal(SealFile::Sync sync);

  SqliteStoreOptions options_;
  SealFile seal_;
  std::optional<sqlite::Database> database_;
  struct Statements {
    explicit Statements(sqlite3* database);
    sqlite::Statement begin, commit, rollback, add, remove, tally;
  };
  std::optional<Statements> statements_;
  Batch batch_;
  StoreIndex index_;
  std::uint64_t appended_ = 0;
  std::uint64_t committed_ = 0;
  std::optional<std::string> problem_;
  bool recovered_ = false;
  bool is_older_ = false;  // the version of the file
};

}  // namespace mq::broker
