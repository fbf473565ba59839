// What stands in a store's file: every record whose checksum holds, and the name of everything that
// is wrong. Reads past damage, so that what lies behind it is found as well.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "broker/core/record.h"
#include "broker/store/batch.h"
#include "broker/store/record_codec.h"
#include "broker/store/seal.h"
#include "broker/store/sqlite.h"

namespace mq::broker {

// In the header of the file: "mqla", and the version of what stands in it.
inline constexpr std::uint64_t store_application_id = 0x6D716C61;
// 2: users are kept with what they are known by (Origin), and the number is under a checksum.
inline constexpr std::uint8_t store_version = 2;

// A version as it stands in the header, under a checksum: damage does not look like a newer
// version.
std::uint64_t version_word(std::uint8_t version);
// Nothing: it is damaged. Version 1 stood there as it is.
std::optional<std::uint8_t> read_version(std::uint64_t word);

struct StoredRecord {
  Row row;
  Record record;
};

struct StoredState {
  std::vector<StoredRecord> records;  // in an order that can be applied to an empty broker
  std::uint64_t last_id = 0;          // that was ever seen, readable or not
  Tally tally;                        // as the last commit left it, if that could be read
  std::vector<std::string> damage;    // the first ones
  std::size_t damage_count = 0;

  void add_damage(std::string what);
};

StoredState read_store(sqlite::Database& database, WallClock clock);

// That the file is of this version. Throws StoreError.
void write_version(sqlite::Database& database);

// Makes the tables in an empty file. Throws StoreError.
void make_tables(sqlite::Database& database);

}  // namespace mq::broker
