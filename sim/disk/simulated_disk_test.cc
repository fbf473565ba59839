// The store on a disk that fails: whatever a power failure leaves of what was not synced, nothing
// that a commit answered for is lost, and nothing comes back altered.
#include "sim/disk/simulated_disk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "broker/store/memory_store.h"
#include "broker/store/sqlite_store.h"
#include "broker/store/testing/sample.h"

namespace mq::sim {
namespace {

using namespace broker;
using ::testing::HasSubstr;

// Everything in a store, as bytes, in an order that does not depend on the store.
std::multiset<std::string> all_of(const Recovered& recovered) {
  std::multiset<std::string> all;
  for (const Record& record : recovered.records) {
    std::vector<std::byte> bytes;
    encode_record(record, {}, bytes);
    all.insert({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  return all;
}

class OnASimulatedDisk : public ::testing::Test {
 protected:
  Recovered open(Durability durability = Durability::power) {
    store.emplace(SqliteStoreOptions{.path = "store",
                                     .durability = durability,
                                     .clock = {},
                                     .boot = disk.power_failures(),
                                     .vfs = disk.vfs()});
    sequence = 0;
    return store->recover();
  }
  void append(Record record) { store->append(++sequence, std::move(record)); }
  void crash() {
    disk.crash();
    store.reset();
  }
  void lose_power() {
    disk.power_failure();
    store.reset();
  }

  SimulatedDisk disk{Rng(1)};
  std::optional<SqliteStore> store;
  std::uint64_t sequence = 0;
};

TEST_F(OnASimulatedDisk, WhatSurvivesDependsOnTheDurability) {
  for (const Durability durability : {Durability::process, Durability::power})
    for (int i = 0; i < 20; ++i) {
      const std::string name = std::to_string(static_cast<int>(durability)) + std::to_string(i);
      open(durability);
      append(sample::session("a" + name));
      store->commit();
      crash();
      const std::size_t before = open(durability).records.size();
      append(sample::session("b" + name));
      store->commit();
      lose_power();
      const std::size_t after = open(durability).records.size();
      if (durability == Durability::power) {
        EXPECT_EQ(after, before + 1);
      }
      EXPECT_LE(after, before + 1);
      crash();
    }
  EXPECT_GT(disk.syncs(), 20u);
}

TEST_F(OnASimulatedDisk, ACommitIsSyncedOnce) {
  open();
  append(sample::session("a"));
  store->commit();
  const std::uint64_t before = disk.syncs();
  for (int i = 0; i < 100; ++i) append(sample::session(std::to_string(i)));
  store->commit();
  EXPECT_EQ(disk.syncs(), before + 1);
}

TEST_F(OnASimulatedDisk, AFullDiskStopsTheAnswersAndLosesNothing) {
  open();
  append(sample::session("a"));
  EXPECT_EQ(store->commit(), 1u);
  disk.limit(disk.bytes_used() + 20'000);
  std::uint64_t answered = 1;
  std::uint64_t number = 0;
  while (!store->problem() && number < 1000) {
    append(sample::message(++number, std::string(500, 'x')));
    append(sample::delivery("a", number, number));
    answered = store->commit();
  }
  ASSERT_TRUE(store->problem());
  EXPECT_THAT(*store->problem(), HasSubstr("full"));
  EXPECT_LT(answered, sequence);
  append(sample::session("b"));
  EXPECT_EQ(store->commit(), answered);  // and so it stays
  disk.limit(std::nullopt);
  EXPECT_EQ(store->commit(), sequence);
  EXPECT_FALSE(store->problem());
  lose_power();
  EXPECT_EQ(open().records.size(), 2 + 2 * number);
}

TEST_F(OnASimulatedDisk, AFullDiskTakesNothingUntilItHasRoomAgain) {
  open();
  append(sample::session("a"));
  EXPECT_EQ(store->commit(), 1u);
  disk.set_full(true);
  append(sample::session("b"));
  EXPECT_EQ(store->commit(), 1u);
  EXPECT_THAT(store->problem().value_or(""), HasSubstr("full"));
  disk.set_full(false);
  EXPECT_EQ(store->commit(), 2u);
  lose_power();
  EXPECT_EQ(open().records.size(), 2u);
}

TEST_F(OnASimulatedDisk, ASyncThatFailsIsNoCommit) {
  open();
  append(sample::session("a"));
  disk.fail_syncs(true);
  EXPECT_EQ(store->commit(), 0u);
  EXPECT_TRUE(store->problem());
  disk.fail_syncs(false);
  EXPECT_EQ(store->commit(), 1u);
  lose_power();
  EXPECT_EQ(open().records.size(), 1u);
}

TEST_F(OnASimulatedDisk, AReadOnlyDiskIsRefused) {
  open();
  append(sample::session("a"));
  store->commit();
  crash();
  disk.set_read_only(true);
  try {
    open();
    ADD_FAILURE() << "it was opened";
  } catch (const StoreError& error) {
    EXPECT_EQ(error.kind(), StoreError::Kind::read_only) << error.what();
  }
  store.reset();
  disk.set_read_only(false);
  EXPECT_EQ(open().records.size(), 1u);
}

TEST_F(OnASimulatedDisk, AFullDiskIsRefusedWhenThereIsNoStoreYet) {
  disk.limit(5000);
  try {
    open();
    ADD_FAILURE() << "it was made";
  } catch (const StoreError& error) {
    EXPECT_EQ(error.kind(), StoreError::Kind::full) << error.what();
  }
}

// Power fails while the store is made, or opened: it is there, or it is not.
TEST_F(OnASimulatedDisk, PowerFailsWhileTheStoreIsMade) {
  for (std::size_t room = 0; room < 60'000; room += 512) {
    SimulatedDisk small{Rng(room)};
    small.limit(room);  // stops the making at every place
    const SqliteStoreOptions options{
        .path = "store", .durability = Durability::power, .boot = 0, .vfs = small.vfs()};
    {
      std::optional<SqliteStore> made;
      try {
        made.emplace(options);
        made->recover();
      } catch (const StoreError&) {
      }
      small.power_failure();
    }
    small.limit(std::nullopt);
    SqliteStore again(options);
    EXPECT_TRUE(again.recover().records.empty()) << room;
  }
}

// The model is the store in memory: what was committed, and perhaps the commit under way.
class AnyOrder {
 public:
  explicit AnyOrder(std::uint64_t seed) : rng_(seed), disk_(rng_.child("disk")) {}

  void run(int lives) {
    MemoryStore model(Durability::power);
    for (int life = 0; life < lives; ++life) {
      SqliteStore store({.path = "store",
                         .durability = Durability::power,
                         .clock = {},
                         .boot = disk_.power_failures(),
                         .vfs = disk_.vfs()});
      const auto found = all_of(store.recover());
      const auto expected = all_of(model.recover());
      ASSERT_EQ(found, expected) << "life " << life;
      sequence_ = 0;
      const std::uint64_t steps = rng_.next() % 60;
      for (std::uint64_t step = 0; step < steps; ++step) {
        for (Record& record : some_records()) {
          ++sequence_;
          store.append(sequence_, record);
          model.append(sequence_, std::move(record));
        }
        if (rng_.next() % 3 != 0) continue;
        ASSERT_EQ(store.commit(), sequence_);
        model.commit();
      }
      model.crash();  // forgets what was not committed; a new life numbers anew
      rng_.next() % 2 == 0 ? disk_.crash() : disk_.power_failure();
      remember(model);
    }
  }

 private:
  // What the next life may refer to.
  void remember(MemoryStore& model) {
    sessions_.clear();
    owed_.clear();
    for (const Record& record : model.recover().records) {
      if (const auto* r = std::get_if<SaveSession>(&record)) sessions_.insert(r->client_id);
      if (const auto* r = std::get_if<SaveDelivery>(&record))
        owed_.insert({r->client_id, r->position});
    }
  }

  std::string session() {
    auto at = sessions_.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(rng_.next() % sessions_.size()));
    return *at;
  }

  std::vector<Record> some_records() {
    if (sessions_.empty() || rng_.next() % 8 == 0) {
      const std::string id = "s" + std::to_string(rng_.next() % 6);
      sessions_.insert(id);
      return {SaveSession{id, Version::v5, std::chrono::seconds(rng_.next() % 100), {}}};
    }
    const std::string id = session();
    switch (rng_.next() % 8) {
      case 0:
      case 1:
      case 2: {
        const std::uint64_t number = ++last_message_;
        owed_.insert({id, number});
        return {sample::message(number, std::string(rng_.next() % 6000, 'x')),
                sample::delivery(id, number, number)};
      }
      case 3: {
        const std::uint64_t number = ++last_message_;
        const std::string topic = "t" + std::to_string(rng_.next() % 5);
        return {sample::message(number), SaveRetained{topic, MessageNumber{number}}};
      }
      case 4: {
        if (owed_.empty()) return {};
        const auto owed = *owed_.begin();
        owed_.erase(owed_.begin());
        return {DropDelivery{owed.first, owed.second}};
      }
      case 5:
        return {SaveIncoming{id, PacketId{static_cast<std::uint16_t>(1 + rng_.next() % 9)}}};
      case 6:
        return {DropIncoming{id, PacketId{static_cast<std::uint16_t>(1 + rng_.next() % 9)}}};
      default:
        if (rng_.next() % 4 != 0) return {DropRetained{"t" + std::to_string(rng_.next() % 5)}};
        sessions_.erase(id);
        std::erase_if(owed_, [&](const auto& owed) { return owed.first == id; });
        return {DropSession{id}};
    }
  }

  Rng rng_;
  SimulatedDisk disk_;
  std::uint64_t sequence_ = 0;
  std::uint64_t last_message_ = 0;
  std::set<std::string> sessions_;
  std::set<std::pair<std::string, std::uint64_t>> owed_;
};

TEST(AnyOrderOfOperations, LosesNothingThatWasCommittedWhenThePowerFails) {
  for (std::uint64_t seed = 1; seed <= 40 && !::testing::Test::HasFatalFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    AnyOrder(seed).run(15);
  }
}

}  // namespace
}  // namespace mq::sim
