#include "broker/store/repair.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <optional>
#include <utility>

#include "base/overloaded.h"
#include "broker/store/store_reader.h"

namespace mq::broker {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t page_bytes = 4096;
constexpr std::array rests{"", "-wal", "-seal"};

std::string text_of(const Record& record) {
  return std::visit(
      overloaded{[](const SaveMessage& r) { return "a message to " + r.message->topic; },
                 [](const SaveSession& r) { return "the session of " + r.client_id; },
                 [](const SaveSubscription& r) {
                   return "the subscription of " + r.client_id + " to " + r.entry.filter;
                 },
                 [](const SaveDelivery& r) { return "a message that " + r.client_id + " is owed"; },
                 [](const SaveIncoming& r) { return "a packet identifier of " + r.client_id; },
                 [](const SaveRetained& r) { return "the retained message of " + r.topic; },
                 [](const SaveWill& r) { return "the will of " + r.client_id; },
                 [](const auto&) { return std::string(); }},
      record);
}

void remove_all(const std::string& path) {
  for (const char* rest : rests) fs::remove(path + rest);
  fs::remove(path + "-journal");
}

// Where the damaged files go: a name that is free.
std::string free_name(const std::string& path) {
  for (int number = 1;; ++number) {
    std::string name = path + ".damaged-" + std::to_string(number);
    if (std::none_of(rests.begin(), rests.end(),
                     [&](const char* rest) { return fs::exists(name + rest); }))
      return name;
  }
}

// Only names what can be read; nothing is written.
std::optional<StoredState> read_from(const std::string& path, WallClock clock) {
  try {
    sqlite::Database database(path, sqlite::OpenAs::existing, nullptr);
    sqlite3_db_config(database.handle(), SQLITE_DBCONFIG_DEFENSIVE, 0, nullptr);
    database.require("PRAGMA locking_mode=EXCLUSIVE", "cannot be locked");
    // So that SQLite reads a file that is shorter than it says.
    database.require("PRAGMA writable_schema=ON", "cannot be read");
    return read_store(database, clock);
  } catch (const StoreError& error) {
    if (error.kind() != StoreError::Kind::damaged && error.kind() != StoreError::Kind::not_a_store)
      throw;
    return std::nullopt;
  }
}

// The first page says where the tables begin, and that never changes: a copy of the store with a
// first page from a new one can be read although its own is gone.
std::optional<StoredState> read_with_new_first_page(const std::string& path, WallClock clock) {
  const std::string copy = path + ".repairing-copy";
  const std::string fresh = path + ".repairing-fresh";
  remove_all(copy);
  remove_all(fresh);
  for (const char* rest : {"", "-wal"})
    if (fs::exists(path + rest)) fs::copy_file(path + rest, copy + rest);
  { SqliteStore({.path = fresh}).recover(); }
  std::array<char, page_bytes> page{};
  std::ifstream(fresh, std::ios::binary).read(page.data(), page.size());
  const auto pages = static_cast<std::uint32_t>(fs::file_size(copy) / page_bytes);
  constexpr std::size_t page_count_at = 28;
  constexpr std::size_t free_list_at = 32;  // its first page and its length
  for (std::size_t byte = 0; byte < 4; ++byte)
    page[page_count_at + byte] = static_cast<char>(pages >> (24 - 8 * byte));
  std::fill_n(page.begin() + free_list_at, 8, '\0');
  std::fstream(copy, std::ios::binary | std::ios::in | std::ios::out)
      .write(page.data(), page.size());
  auto reading = read_from(copy, clock);
  remove_all(copy);
  remove_all(fresh);
  return reading;
}

// Everything that still makes sense without what was lost.
std::vector<Record> whole(StoredState& reading) {
  Batch unused{WallClock{}};
  StoreIndex index(unused);
  std::vector<Record> kept;
  for (StoredRecord& stored : reading.records) {
    if (index.adopt(stored.record, stored.row))
      kept.push_back(std::move(stored.record));
    else
      reading.add_damage(text_of(stored.record) + " is lost: what it belongs to is not there");
  }
  return kept;
}

void write_anew(const SqliteStoreOptions& options, const std::vector<Record>& records) {
  SqliteStoreOptions into = options;
  into.durability = Durability::power;
  SqliteStore store(into);
  store.recover();
  std::uint64_t sequence = 0;
  for (const Record& record : records) store.append(++sequence, record);
  if (store.commit() != sequence)
    throw StoreError(StoreError::Kind::full,
                     "the repaired store cannot be written: " + store.problem().value_or(""));
}

}  // namespace

RepairReport repair_store(const SqliteStoreOptions& options) {
  RepairReport report;
  StoredState reading;
  try {
    if (SqliteStore in_order(options); true) in_order.recover();
    return report;
  } catch (const StoreError& error) {
    if (error.kind() != StoreError::Kind::damaged && error.kind() != StoreError::Kind::not_a_store)
      throw;
    // A foreign file is nobody's to repair; one with a seal beside it is ours.
    if (error.kind() == StoreError::Kind::not_a_store && !fs::exists(seal_path(options.path)))
      throw;
    reading.damage = error.damage();
    if (reading.damage.empty()) reading.damage.emplace_back(error.what());
    reading.damage_count = reading.damage.size();
  }
  if (fs::exists(options.path) && fs::file_size(options.path) >= page_bytes) {
    auto found = read_from(options.path, options.clock);
    if (!found || found->records.empty())
      if (auto more = read_with_new_first_page(options.path, options.clock);
          more && !more->records.empty())
        found = std::move(more);
    if (found) reading.records = std::move(found->records);
  }
  const std::vector<Record> kept = whole(reading);
  SqliteStoreOptions repaired = options;
  repaired.path = options.path + ".repairing";
  remove_all(repaired.path);
  write_anew(repaired, kept);
  // Without its file but with a seal the store counts as lost and not as new, so nothing here may
  // stop half-way unnoticed: the seal changes last.
  report.put_aside = free_name(options.path);
  for (const char* rest : {"", "-wal"})
    if (fs::exists(options.path + rest)) fs::rename(options.path + rest, report.put_aside + rest);
  if (fs::exists(seal_path(options.path)))
    fs::copy_file(seal_path(options.path), seal_path(report.put_aside));
  fs::rename(repaired.path, options.path);
  fs::rename(seal_path(repaired.path), seal_path(options.path));
  remove_all(repaired.path);
  report.kept = kept.size();
  report.damage = std::move(reading.damage);
  return report;
}

}  // namespace mq::broker
