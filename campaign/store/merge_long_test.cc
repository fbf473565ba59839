// A million results of four shards are merged in seconds, not minutes.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "base/rng.h"
#include "campaign/figures.h"
#include "campaign/store/results_file.h"

namespace mq::campaign {
namespace {

using Clock = std::chrono::steady_clock;
using Open = ResultsFile::Open;

constexpr std::uint64_t rows = 1'000'000;
constexpr std::uint64_t shards = 4;
// Far more than it takes on a slow disk, and far less than a row-by-row commit would.
constexpr double seconds_max = 60;

double seconds_since(Clock::time_point then) {
  return std::chrono::duration<double>(Clock::now() - then).count();
}

// As a run of the library's scenarios is: judged, with ten of the figures.
Outcome outcome(Rng& rng) {
  Outcome one{.key = Key{rng.next()}, .end = End::judged, .verdict = Verdict::held};
  one.hash.assign(64, 'a');
  for (char& c : one.hash) c = "0123456789abcdef"[rng.below(16)];
  one.wall_us = rng.below(1'000'000);
  one.cpu_us = rng.below(1'000'000);
  one.memory_kib = rng.below(100'000);
  one.figures.assign(figures.size(), no_figure);
  for (std::size_t i = 0; i < 10; ++i) one.figures[2 * i] = rng.unit();
  return one;
}

TEST(Merging, OfAMillionResultsTakesSeconds) {
  const std::filesystem::path folder =
      std::filesystem::path(::testing::TempDir()) / "campaign-million";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  const auto shard = [&](std::uint64_t i) {
    return (folder / ("shard" + std::to_string(i) + ".db")).string();
  };
  Rng rng(1);
  for (std::uint64_t i = 0; i < shards; ++i) {
    std::vector<Outcome> some;
    for (std::uint64_t k = 0; k < rows / shards; ++k) some.push_back(outcome(rng));
    std::sort(some.begin(), some.end(), [](auto& a, auto& b) { return a.key < b.key; });
    ResultsFile file(shard(i), Open::to_write);
    file.set_about({"1", "c.yaml", "text", "s.yaml", "scenario"});
    file.add(some);
  }
  const auto began = Clock::now();
  ResultsFile all((folder / "all.db").string(), Open::to_write);
  for (std::uint64_t i = 0; i < shards; ++i) all.merge(shard(i));
  const double merging = seconds_since(began);
  EXPECT_EQ(all.count(), rows);
  const auto read_from = Clock::now();
  std::uint64_t seen = 0;
  all.for_each([&](const Outcome& one) { seen += one.end == End::judged ? 1 : 0; });
  std::printf("merged in %.1f s, read in %.1f s, %.0f bytes a row\n", merging,
              seconds_since(read_from),
              static_cast<double>(std::filesystem::file_size(folder / "all.db")) / rows);
  EXPECT_EQ(seen, rows);
  EXPECT_LT(merging, seconds_max);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace mq::campaign
