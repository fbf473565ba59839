// What `--repair` does to a store that is damaged: every record whose checksum holds goes into a
// new store, what does not is named, and the damaged files stay, under other names.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "broker/store/sqlite_store.h"

namespace mq::broker {

struct RepairReport {
  std::size_t kept = 0;             // records
  std::vector<std::string> damage;  // what was wrong; nothing: the store was left as it is
  std::string put_aside;            // the name of the damaged file now
};

// On real files only. Throws StoreError if the store is none, is open, or cannot be written.
RepairReport repair_store(const SqliteStoreOptions& options);

}  // namespace mq::broker
