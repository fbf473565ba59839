#include "broker/store/sqlite_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/ensure.h"
#include "broker/store/store_reader.h"

namespace mq::broker {
namespace {

// Pages of 4 KiB that the log holds before they go into the file.
constexpr int checkpoint_pages = 4000;

int access(const char* vfs_name, const std::string& path) {
  sqlite3_vfs* vfs = sqlite3_vfs_find(vfs_name);
  ensure(vfs != nullptr, "the VFS is registered");
  int exists = 0;
  vfs->xAccess(vfs, path.c_str(), SQLITE_ACCESS_EXISTS, &exists);
  return exists;
}

// Messages are for nobody else on this machine. SQLite would let everybody read the file, and gives
// the log the same permissions. What goes wrong here, it will say.
void make_private_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
  if (file >= 0) ::close(file);
}

[[noreturn]] void refuse_damaged(const std::string& path, std::vector<std::string> damage,
                                 std::size_t count) {
  std::string text = path + ": the store is damaged";
  for (const std::string& line : damage) text += "\n  " + line;
  if (count > damage.size()) text += "\n  and " + std::to_string(count - damage.size()) + " more";
  text += "\nNothing was changed. --repair keeps what is whole and puts the damaged file aside.";
  throw StoreError(StoreError::Kind::damaged, text, std::move(damage));
}

}  // namespace

SqliteStore::Statements::Statements(sqlite3* database)
    : begin(database, "BEGIN IMMEDIATE"),
      commit(database, "COMMIT"),
      rollback(database, "ROLLBACK"),
      add(database, "INSERT INTO record VALUES(?1, ?2, ?3)"),
      remove(database, "DELETE FROM record WHERE id = ?1"),
      tally(database, "UPDATE tally SET commits = ?1, held = ?2, total = ?3, checksum = ?4") {}

SqliteStore::SqliteStore(SqliteStoreOptions options)
    : options_(std::move(options)),
      seal_(options_.path, options_.vfs),
      batch_(options_.clock),
      index_(batch_) {
  ensure(options_.durability != Durability::none, "a store that keeps nothing is no store");
  const bool exists = access(options_.vfs, options_.path) != 0;
  if (!exists) refuse_remains();
  if (!exists && options_.vfs == nullptr) make_private_file(options_.path);
  try {
    database_.emplace(options_.path, exists ? sqlite::OpenAs::existing : sqlite::OpenAs::new_file,
                      options_.vfs);
    prepare();
  } catch (const StoreError& error) {
    offer_repair(error);
    throw;
  }
}

SqliteStore::~SqliteStore() {
  statements_.reset();
  if (recovered_ && !problem_) database_->execute("PRAGMA wal_checkpoint(TRUNCATE)");
}

// Some damage shows before a record is read. A file that is no store is one that was, if its seal
// is there.
void SqliteStore::offer_repair(const StoreError& error) const {
  using enum StoreError::Kind;
  const bool is_ours =
      error.kind() == damaged ||
      (error.kind() == not_a_store && access(options_.vfs, seal_path(options_.path)) != 0);
  if (!is_ours || !error.damage().empty()) return;
  std::string what = error.what();
  if (const std::string prefix = options_.path + ": "; what.starts_with(prefix))
    what.erase(0, prefix.size());
  refuse_damaged(options_.path, {what}, 1);
}

// Without its file, a store is not new if there are remains of it: SQLite would throw them away.
void SqliteStore::refuse_remains() {
  for (const char* rest : {"-seal", "-wal"})
    if (access(options_.vfs, options_.path + rest) != 0)
      throw StoreError(StoreError::Kind::damaged,
                       options_.path + ": the store is gone, but " + options_.path + rest +
                           " of it is there; remove that to begin with nothing, or let "
                           "--repair keep what is left",
                       {"the file " + options_.path + " is missing"});
}

void SqliteStore::prepare() {
  sqlite::Database& database = *database_;
  // Alone on the file: no other broker, and no shared memory for SQLite's index of the log.
  database.require("PRAGMA locking_mode=EXCLUSIVE", "cannot be locked");
  const std::uint64_t id = database.number("PRAGMA application_id");
  const std::uint64_t word = database.number("PRAGMA user_version");
  // Also when the power failed while it was made.
  const bool is_new =
      id == 0 && word == 0 && database.number("SELECT count(*) FROM sqlite_master") == 0;
  if (is_new && access(options_.vfs, seal_path(options_.path)) != 0)
    refuse_damaged(options_.path, {"the file is empty"}, 1);
  if (!is_new) {
    if (id != store_application_id)
      throw StoreError(StoreError::Kind::not_a_store,
                       options_.path + ": this is not a store of mqttlab");
    const auto version = read_version(word);
    if (!version) refuse_damaged(options_.path, {"the version number is damaged"}, 1);
    if (*version > store_version)
      throw StoreError(StoreError::Kind::newer_version,
                       options_.path + ": version " + std::to_string(*version) +
                           " of the store; this mqttlab knows version " +
                           std::to_string(store_version));
    is_older_ = *version < store_version;
  }
  database.require("PRAGMA cell_size_check=ON", "cannot be read");
  database.require(options_.durability == Durability::power ? "PRAGMA synchronous=FULL"
                                                            : "PRAGMA synchronous=NORMAL",
                   "cannot be set up");
  database.require("PRAGMA cache_size=-16384", "cannot be set up");
  database.require("PRAGMA journal_mode=WAL", "cannot be set up");
  database.require(("PRAGMA wal_autocheckpoint=" + std::to_string(checkpoint_pages)).c_str(),
                   "cannot be set up");
  if (is_new) make_tables(database);
  // The lock is taken with the first transaction that writes.
  database.require("BEGIN IMMEDIATE", "cannot be written to");
  database.require("ROLLBACK", "cannot be written to");
}

void SqliteStore::compare_with_seal(const Tally& found, std::vector<std::string>& damage) {
  const auto sealed = seal_.read();
  if (std::holds_alternative<SealFile::Damaged>(sealed))
    damage.push_back("the seal " + seal_path(options_.path) +
                     " is damaged, so that nobody can say whether the last commits are there");
  const Seal* seal = std::get_if<Seal>(&sealed);
  if (seal == nullptr) return;
  // What was not synced may be gone after a power failure, while the seal is there.
  if (seal->durability == Durability::process && seal->boot != options_.boot) return;
  if (seal->tally.commits > found.commits)
    damage.push_back("the last " + std::to_string(seal->tally.commits - found.commits) + " of " +
                     std::to_string(seal->tally.commits) + " commits are missing");
  else if (seal->tally.commits == found.commits && seal->tally != found)
    damage.push_back("the last commit is not the one that was sealed");
}

Recovered SqliteStore::recover() {
  ensure(!recovered_, "recover() comes once, before all else");
  StoredState reading = read_store(*database_, options_.clock);
  if (reading.tally.commits > 0) compare_with_seal(reading.tally, reading.damage);
  reading.damage_count = std::max(reading.damage_count, reading.damage.size());
  batch_.resume(reading.last_id, reading.tally);
  Recovered left;
  for (StoredRecord& stored : reading.records) {
    if (!index_.adopt(stored.record, stored.row))
      reading.add_damage("record " + std::to_string(stored.row.id) +
                         " belongs to something that is not there");
    left.records.push_back(std::move(stored.record));
  }
  if (reading.damage_count > 0)
    refuse_damaged(options_.path, std::move(reading.damage), reading.damage_count);
  index_.drop_unused_messages();
  if (is_older_) write_version(*database_);
  statements_.emplace(database_->handle());
  if (const int code = write_seal(SealFile::Sync::yes); code != SQLITE_OK)
    throw StoreError(sqlite::meaning(code), seal_path(options_.path) + ": cannot be written: " +
                                                sqlite::words(nullptr, code));
  recovered_ = true;
  return left;
}

void SqliteStore::append(std::uint64_t sequence, Record record) {
  ensure(recovered_, "recover() comes first");
  ensure(sequence == appended_ + 1, "records come in sequence");
  appended_ = sequence;
  index_.apply(record);
}

std::uint64_t SqliteStore::commit() {
  if (!batch_.empty()) {
    const Tally tally = batch_.tally();
    const int code = write_rows(tally);
    if (code != SQLITE_DONE) {
      problem_ = options_.path + ": " + sqlite::words(database_->handle(), code);
      if (sqlite3_get_autocommit(database_->handle()) == 0) statements_->rollback.run();
      return committed_;
    }
    batch_.written();
    write_seal(SealFile::Sync::no);
  }
  problem_.reset();
  committed_ = appended_;
  return committed_;
}

int SqliteStore::write_rows(const Tally& tally) {
  Statements& run = *statements_;
  int code = run.begin.run();
  if (code != SQLITE_DONE) return code;
  batch_.for_each_added([&](std::uint64_t id, auto body, std::uint64_t checksum) {
    run.add.bind(1, id);
    run.add.bind(2, body);
    run.add.bind(3, checksum);
    code = run.add.run();
    return code == SQLITE_DONE;
  });
  for (auto id = batch_.removed().begin(); code == SQLITE_DONE && id != batch_.removed().end();
       ++id) {
    run.remove.bind(1, *id);
    code = run.remove.run();
  }
  if (code != SQLITE_DONE) return code;
  run.tally.bind(1, tally.commits);
  run.tally.bind(2, tally.rows);
  run.tally.bind(3, tally.total);
  run.tally.bind(4, tally.checksum());
  code = run.tally.run();
  return code == SQLITE_DONE ? run.commit.run() : code;
}

// A seal that cannot be written is older than the store, as after a power failure.
int SqliteStore::write_seal(SealFile::Sync sync) {
  return seal_.write({batch_.written_tally(), options_.boot, options_.durability}, sync);
}

}  // namespace mq::broker
