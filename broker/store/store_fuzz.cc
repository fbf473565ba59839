// Whatever stands on the disk, the reader of the store gives back what was stored or refuses: never
// a record that was altered, never a crash. The input is either the bytes of one record, or a list
// of damages to the files of a store.
#include <algorithm>
#include <cstdlib>
#include <set>
#include <string>

#include "base/ensure.h"
#include "broker/store/sqlite_store.h"
#include "broker/store/testing/sample.h"
#include "sim/disk/simulated_disk.h"

namespace mq::broker {
namespace {

constexpr std::string_view name = "store";

std::string text_of(const Record& record) {
  std::vector<std::byte> bytes;
  encode_record(record, {}, bytes);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void one_record(std::span<const std::byte> bytes) {
  const auto record = decode_record(bytes, {});
  if (!record) return;
  const std::string again = text_of(*record);
  ensure(std::ranges::equal(std::as_bytes(std::span(again)), bytes), "a record has one form");
}

// As kill -9 leaves them: a part in the file, a part in the log.
struct Files {
  std::vector<std::byte> file, log, seal;
  std::multiset<std::string> records;
};

SqliteStoreOptions options_on(const sim::SimulatedDisk& disk) {
  return {.path = std::string(name),
          .durability = Durability::power,
          .clock = {},
          .boot = 0,
          .vfs = disk.vfs()};
}

const Files& original() {
  static const Files files = [] {
    sim::SimulatedDisk disk{Rng(1)};
    Files made;
    for (int life = 0; life < 2; ++life) {
      SqliteStore store(options_on(disk));
      store.recover();
      std::uint64_t sequence = 0;
      if (life == 0)
        for (Record& record : sample::one_of_each()) store.append(++sequence, std::move(record));
      for (std::uint64_t number = 2; number < 60; ++number) {
        const std::uint64_t own = number + 100 * static_cast<std::uint64_t>(life);
        store.append(++sequence, sample::message(own, std::string(number * 7, 'x')));
        store.append(++sequence, sample::delivery("s", own, own));
        if (number % 10 == 0) store.commit();
      }
      store.commit();
      if (life == 1) disk.crash();
    }
    const std::string path(name);
    made.file = *disk.content(path);
    made.log = *disk.content(path + "-wal");
    made.seal = *disk.content(path + "-seal");
    SqliteStore store(options_on(disk));
    for (const Record& record : store.recover().records) made.records.insert(text_of(record));
    return made;
  }();
  return files;
}

void put(sim::SimulatedDisk& disk, const std::string& file, const std::vector<std::byte>& bytes) {
  sqlite3_vfs* vfs = sqlite3_vfs_find(disk.vfs());
  std::vector<std::byte> memory(static_cast<std::size_t>(vfs->szOsFile));
  auto* handle = reinterpret_cast<sqlite3_file*>(memory.data());
  vfs->xOpen(vfs, file.c_str(), handle,
             SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MAIN_DB, nullptr);
  handle->pMethods->xClose(handle);
  *disk.content(file) = bytes;
}

// Six bytes for each damage: which file and how, where (three), how much, what.
void damage(std::span<const std::byte> orders, Files& files) {
  for (; orders.size() >= 6; orders = orders.subspan(6)) {
    const auto at = [&](std::size_t i) { return static_cast<std::size_t>(orders[i]); };
    std::vector<std::byte>& bytes = at(0) % 3 == 0   ? files.file
                                    : at(0) % 3 == 1 ? files.log
                                                     : files.seal;
    if (bytes.empty()) continue;
    const std::size_t place = (at(1) << 16 | at(2) << 8 | at(3)) % bytes.size();
    const std::size_t length = std::min(bytes.size() - place, at(4) * 17 + 1);
    const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(place);
    switch (at(0) / 3 % 3) {
      case 0:
        bytes[place] ^= orders[5];
        break;
      case 1:
        std::fill_n(begin, length, orders[5]);
        break;
      default:
        bytes.resize(place);
    }
  }
}

void whole_store(std::span<const std::byte> orders) {
  Files files = original();
  damage(orders, files);
  sim::SimulatedDisk disk{Rng(1)};
  const std::string path(name);
  put(disk, path, files.file);
  put(disk, path + "-wal", files.log);
  put(disk, path + "-seal", files.seal);
  try {
    SqliteStore store(options_on(disk));
    std::multiset<std::string> found;
    for (const Record& record : store.recover().records) found.insert(text_of(record));
    ensure(found == original().records, "an open store is whole");
  } catch (const StoreError&) {
  }
}

}  // namespace
}  // namespace mq::broker

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  if (size == 0) return 0;
  if (data[0] % 2 == 0)
    mq::broker::one_record(bytes.subspan(1));
  else
    mq::broker::whole_store(bytes.subspan(1));
  return 0;
}
