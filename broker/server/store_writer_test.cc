#include "broker/server/store_writer.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "broker/store/testing/sample.h"
#include "broker/store/testing/temporary_folder.h"
#include "sim/disk/simulated_disk.h"

namespace mq::broker {
namespace {

class Writing : public ::testing::Test {
 protected:
  void open() {
    auto store = open_store({.path = folder.path() / "store.db", .on_trouble = {}}, {});
    recovered = store->recover();
    writer = std::make_unique<StoreWriter>(loop, std::move(store),
                                           [this](const StoreNews& said) { news.push_back(said); });
    sequence = 0;
  }
  void append(Record record) { writer->append({++sequence, std::move(record)}); }
  void run_until(std::uint64_t persisted) {
    while (news.empty() || news.back().persisted < persisted) loop.run_one();
  }

  TemporaryFolder folder;
  boost::asio::io_context loop;
  std::vector<StoreNews> news;
  Recovered recovered;
  std::uint64_t sequence = 0;
  std::unique_ptr<StoreWriter> writer;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{
      loop.get_executor()};
};

TEST_F(Writing, TellsWhatIsPersisted) {
  open();
  append(sample::session("a"));
  append(sample::session("b"));
  writer->commit();
  run_until(2);
  EXPECT_EQ(news.size(), 1u);  // one round of events, one commit
  append(sample::session("c"));
  writer->commit();
  run_until(3);
}

TEST_F(Writing, WhatComesWhileACommitRunsGoesIntoTheNext) {
  open();
  for (int i = 0; i < 2000; ++i) {
    append(sample::session(std::to_string(i)));
    writer->commit();
    loop.poll_one();
  }
  run_until(2000);
  EXPECT_LT(news.size(), 2000u);
  std::uint64_t last = 0;
  for (const StoreNews& said : news) {
    EXPECT_GT(said.persisted, last);
    last = said.persisted;
  }
}

TEST_F(Writing, AFullDiskIsToldOnceAndTriedAgainUntilItTakesEverything) {
  sim::SimulatedDisk disk{Rng(1)};
  const SqliteStoreOptions options{
      .path = "store", .durability = Durability::power, .clock = {}, .boot = 0, .vfs = disk.vfs()};
  auto store = std::make_unique<SqliteStore>(options);
  store->recover();
  writer = std::make_unique<StoreWriter>(
      loop, std::move(store), [this](const StoreNews& said) { news.push_back(said); },
      std::chrono::milliseconds(5));
  append(sample::session("a"));
  writer->commit();
  run_until(1);
  disk.limit(disk.bytes_used());
  append(sample::session(std::string(20'000, 'x')));
  writer->commit();
  while (!news.back().problem) loop.run_one();
  EXPECT_EQ(news.back().persisted, 1u);
  append(sample::session("b"));  // waits
  writer->commit();
  loop.poll();
  EXPECT_EQ(news.size(), 2u);
  disk.limit(std::nullopt);
  run_until(3);
  EXPECT_FALSE(news.back().problem);
  writer.reset();
  EXPECT_EQ(SqliteStore(options).recover().records.size(), 3u);
}

TEST_F(Writing, ClosingWritesWhatIsLeftAndTellsNobody) {
  open();
  append(sample::session("a"));
  writer->commit();
  append(sample::session("b"));
  writer->close();
  loop.poll();
  EXPECT_TRUE(news.empty());
  writer.reset();
  open();
  EXPECT_EQ(recovered.records.size(), 2u);
}

}  // namespace
}  // namespace mq::broker
