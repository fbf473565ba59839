#include "broker/store/store_reader.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "broker/store/checksum.h"

namespace mq::broker {
namespace {

constexpr std::size_t named_damage = 50;
constexpr std::uint64_t largest_id = std::numeric_limits<std::int64_t>::max();

constexpr const char* record_table =
    "CREATE TABLE record(id INTEGER PRIMARY KEY, body BLOB NOT NULL, checksum INTEGER NOT NULL)";
constexpr const char* tally_table =
    "CREATE TABLE tally(id INTEGER PRIMARY KEY, commits INTEGER NOT NULL, held INTEGER NOT NULL, "
    "total INTEGER NOT NULL, checksum INTEGER NOT NULL)";

class RowReader {
 public:
  RowReader(sqlite::Database& database, WallClock clock, StoredState& reading)
      : database_(database),
        from_(database.handle(),
              "SELECT id, body, checksum FROM record WHERE id >= ?1 ORDER BY id"),
        clock_(clock),
        reading_(reading) {}

  void read_all() {
    std::uint64_t from = 1;
    while (const int code = read_from(from)) {
      // The next piece begins behind the damage, if anything is readable there.
      const std::uint64_t unread = std::max(from, reading_.last_id + 1);
      if (unread > from && readable(unread)) {  // the way to it is damaged, not the place
        reading_.add_damage("the way to record " + std::to_string(unread) + " is damaged");
        from = unread;
        continue;
      }
      const auto next = first_readable(unread);
      reading_.add_damage("records from " + std::to_string(unread) + " on" +
                          (next ? ", up to " + std::to_string(*next - 1) + "," : std::string()) +
                          " cannot be read: " + sqlite::words(database_.handle(), code));
      if (!next) return;
      from = *next;
    }
  }

 private:
  // Zero at the table's end, else the SQLite code that ended the reading.
  int read_from(std::uint64_t from) {
    from_.bind(1, from);
    int code = from_.step();
    for (; code == SQLITE_ROW; code = from_.step()) take();
    from_.reset();
    return code == SQLITE_DONE ? 0 : code;
  }

  void take() {
    const std::uint64_t id = from_.number(0);
    if (id <= reading_.last_id || id > largest_id) {
      reading_.add_damage("record " + std::to_string(id) + " stands in the wrong place");
      return;
    }
    reading_.last_id = id;
    const auto body = from_.blob(1);
    const bool holds = from_.is_number(2) && from_.number(2) == record_checksum(id, body);
    auto record = holds ? decode_record(body, clock_) : std::nullopt;
    if (record)
      reading_.records.push_back({{id, from_.number(2)}, std::move(*record)});
    else
      reading_.add_damage("record " + std::to_string(id) +
                          (holds ? " is of a kind that is not known" : ": its checksum is wrong"));
  }

  // Damaged pages may lead to a row that was not asked for: whoever reads on from it comes no
  // further.
  bool readable(std::uint64_t from) {
    from_.bind(1, from);
    const int code = from_.step();
    const std::uint64_t id = code == SQLITE_ROW ? from_.number(0) : 0;
    from_.reset();
    return code == SQLITE_DONE || (id >= from && id <= largest_id);
  }

  // Somewhere behind a damaged page the tree is whole again. Leaps forward, then closes in.
  std::optional<std::uint64_t> first_readable(std::uint64_t unread) {
    std::uint64_t bad = unread;
    std::uint64_t leap = 1;
    while (!readable(bad + leap)) {
      bad += leap;
      if (leap > largest_id / 4) return std::nullopt;
      leap *= 2;
    }
    std::uint64_t good = bad + leap;
    while (good - bad > 1) {
      const std::uint64_t middle = bad + (good - bad) / 2;
      (readable(middle) ? good : bad) = middle;
    }
    return good;
  }

  sqlite::Database& database_;
  sqlite::Statement from_;
  WallClock clock_;
  StoredState& reading_;
};

void check_structure(sqlite::Database& database, StoredState& reading) {
  sqlite::Statement check(database.handle(), "PRAGMA quick_check(10)");
  int code = check.step();
  for (; code == SQLITE_ROW; code = check.step())
    if (check.text(0) != "ok") reading.add_damage("structure: " + std::string(check.text(0)));
  if (code != SQLITE_DONE)
    reading.add_damage("structure: " + sqlite::words(database.handle(), code));
}

void check_tables(sqlite::Database& database, StoredState& reading) {
  sqlite::Statement tables(database.handle(), "SELECT sql FROM sqlite_master ORDER BY name");
  std::vector<std::string> found;
  int code = tables.step();
  for (; code == SQLITE_ROW; code = tables.step()) found.emplace_back(tables.text(0));
  if (code != SQLITE_DONE || found != std::vector<std::string>{record_table, tally_table})
    reading.add_damage("the tables are not those of a store");
}

void read_tally(sqlite::Database& database, StoredState& reading) {
  sqlite::Statement row(database.handle(),
                        "SELECT commits, held, total, checksum FROM tally WHERE id = 1");
  Tally found;
  if (row.step() == SQLITE_ROW) found = {row.number(0), row.number(1), row.number(2)};
  if (found.commits == 0 || row.number(3) != found.checksum()) {
    reading.add_damage("the tally of the last commit cannot be read");
    return;
  }
  reading.tally = found;
  Tally here{found.commits, 0, 0};
  for (const StoredRecord& stored : reading.records) {
    ++here.rows;
    here.total += mixed(stored.row.checksum);
  }
  if (here.rows != found.rows)
    reading.add_damage(std::to_string(here.rows) + " records can be read, " +
                       std::to_string(found.rows) + " were stored");
  else if (here != found)
    reading.add_damage("the records are not those of the last commit");
}

// Messages before what refers to them, sessions before what belongs to them.
int rank(const Record& record) {
  if (std::holds_alternative<SaveMessage>(record)) return 0;
  return std::holds_alternative<SaveSession>(record) ? 1 : 2;
}

}  // namespace

void StoredState::add_damage(std::string what) {
  if (++damage_count <= named_damage) damage.push_back(std::move(what));
}

StoredState read_store(sqlite::Database& database, WallClock clock) {
  StoredState reading;
  // What cannot even be asked for is damage as well, and the rest is still worth reading.
  const auto attempt = [&](auto&& read) {
    try {
      read();
    } catch (const StoreError& error) {
      if (error.kind() != StoreError::Kind::damaged) throw;
      reading.add_damage(error.what());
    }
  };
  attempt([&] { check_structure(database, reading); });
  attempt([&] { check_tables(database, reading); });
  attempt([&] { RowReader(database, clock, reading).read_all(); });
  attempt([&] { read_tally(database, reading); });
  std::stable_sort(reading.records.begin(), reading.records.end(),
                   [](const auto& a, const auto& b) { return rank(a.record) < rank(b.record); });
  return reading;
}

// SQLite keeps 32 bits, of which the highest is a sign.
std::uint64_t version_word(std::uint8_t version) {
  const std::byte content{version};
  return (crc64(std::span(&content, 1)) & 0x7FFFFF) << 8 | version;
}

std::optional<std::uint8_t> read_version(std::uint64_t word) {
  const auto version = static_cast<std::uint8_t>(word & 0xFF);
  if (version == 0 || (word != 1 && word != version_word(version))) return std::nullopt;
  return version;
}

void write_version(sqlite::Database& database) {
  database.require(("PRAGMA user_version=" + std::to_string(version_word(store_version))).c_str(),
                   "cannot be written to");
}

void make_tables(sqlite::Database& database) {
  const std::string doing = "cannot be made";
  database.require("BEGIN IMMEDIATE", doing);
  database.require(record_table, doing);
  database.require(tally_table, doing);
  database.require(("PRAGMA application_id=" + std::to_string(store_application_id)).c_str(),
                   doing);
  write_version(database);
  sqlite::Statement tally(database.handle(), "INSERT INTO tally VALUES(1, 1, 0, 0, ?1)");
  tally.bind(1, Tally{1, 0, 0}.checksum());
  if (const int code = tally.run(); code != SQLITE_DONE) database.fail(code, doing);
  database.require("COMMIT", doing);
  // Synced, so that an empty file can only be one that lost something.
  database.require("PRAGMA wal_checkpoint(TRUNCATE)", doing);
}

}  // namespace mq::broker
