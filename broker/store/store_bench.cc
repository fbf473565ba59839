// What a commit costs, by how many messages share it, with a disk and without one.
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <filesystem>

#include "base/ensure.h"
#include "broker/store/checksum.h"
#include "broker/store/sqlite_store.h"
#include "broker/store/testing/sample.h"

namespace mq::broker {
namespace {

namespace fs = std::filesystem;

class Folder {
 public:
  explicit Folder(const char* where) {
    std::string name = fs::path(where) / "mqttlab-bench-XXXXXX";
    ensure(::mkdtemp(name.data()) != nullptr, "a temporary folder");
    path = name;
  }
  ~Folder() { fs::remove_all(path); }
  fs::path path;
};

// Messages come, are stored, and are gone with the next commit.
void commit(benchmark::State& state, const char* where, Durability durability) {
  const Folder folder(where);
  SqliteStore store({.path = folder.path / "store.db", .durability = durability});
  store.recover();
  std::uint64_t sequence = 0;
  store.append(++sequence, sample::session("s"));
  std::uint64_t number = 0;
  for (auto _ : state) {
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      const auto before = static_cast<std::int64_t>(number) - state.range(0);
      if (before >= 0)
        store.append(++sequence, DropDelivery{"s", static_cast<std::uint64_t>(before) + 1});
      ++number;
      store.append(++sequence, sample::message(number, std::string(64, 'x')));
      store.append(++sequence, sample::delivery("s", number, number));
    }
    ensure(store.commit() == sequence, "the disk takes it");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(number));
}
BENCHMARK_CAPTURE(commit, power_on_disk, "/tmp", Durability::power)
    ->RangeMultiplier(10)
    ->Range(1, 1000)
    ->UseRealTime();
BENCHMARK_CAPTURE(commit, process_on_disk, "/tmp", Durability::process)
    ->RangeMultiplier(10)
    ->Range(1, 1000)
    ->UseRealTime();
BENCHMARK_CAPTURE(commit, without_a_disk, "/dev/shm", Durability::power)
    ->RangeMultiplier(10)
    ->Range(1, 1000)
    ->UseRealTime();

void recover(benchmark::State& state) {
  const Folder folder("/dev/shm");
  const SqliteStoreOptions options{.path = folder.path / "store.db"};
  {
    SqliteStore store(options);
    store.recover();
    std::uint64_t sequence = 0;
    store.append(++sequence, sample::session("s"));
    for (std::int64_t number = 1; number <= state.range(0); ++number) {
      const auto own = static_cast<std::uint64_t>(number);
      store.append(++sequence, sample::message(own, std::string(64, 'x')));
      store.append(++sequence, sample::delivery("s", own, own));
    }
    store.commit();
  }
  for (auto _ : state) {
    SqliteStore store(options);
    benchmark::DoNotOptimize(store.recover());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(recover)->Arg(1000)->Arg(100'000)->Unit(benchmark::kMillisecond);

void checksum(benchmark::State& state) {
  const std::vector<std::byte> bytes(static_cast<std::size_t>(state.range(0)), std::byte{7});
  for (auto _ : state) benchmark::DoNotOptimize(crc64(bytes));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(checksum)->Arg(100)->Arg(64 * 1024);

}  // namespace
}  // namespace mq::broker
