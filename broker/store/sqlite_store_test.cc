#include "broker/store/sqlite_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "broker/store/repair.h"
#include "broker/store/store_reader.h"
#include "broker/store/testing/sample.h"
#include "broker/store/testing/temporary_folder.h"

namespace mq::broker {
namespace {

using namespace std::chrono_literals;
using Kind = StoreError::Kind;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

class SqliteStores : public ::testing::Test {
 protected:
  SqliteStoreOptions options(Durability durability = Durability::power) const {
    return {.path = path, .durability = durability, .clock = clock, .boot = boot, .vfs = nullptr};
  }
  void open(Durability durability = Durability::power) {
    store.reset();
    store.emplace(options(durability));
    recovered = store->recover();
    sequence = 0;
  }
  void append(Record record) { store->append(++sequence, std::move(record)); }
  std::size_t left() {
    open();
    return recovered.records.size();
  }
  Kind refusal() {
    store.reset();
    try {
      open();
    } catch (const StoreError& error) {
      store.reset();
      text = error.what();
      return error.kind();
    }
    ADD_FAILURE() << "the store was opened";
    return {};
  }
  void sql(const char* statement) {
    store.reset();
    sqlite3* database = nullptr;
    sqlite3_open(path.c_str(), &database);
    EXPECT_EQ(sqlite3_exec(database, statement, nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(database);
    sqlite3_close(database);
  }
  void put_version(std::uint64_t word) {
    sql(("PRAGMA user_version=" + std::to_string(word)).c_str());
  }
  // As kill -9 leaves it: the log is not written back.
  void copy_to(const fs::path& where) const {
    for (const auto& entry : fs::directory_iterator(folder.path()))
      if (entry.is_regular_file()) fs::copy(entry.path(), where / entry.path().filename());
  }

  TemporaryFolder folder;
  std::string path = folder.path() / "store.db";
  WallClock clock{};
  std::uint64_t boot = 1;
  std::optional<SqliteStore> store;
  Recovered recovered;
  std::string text;
  std::uint64_t sequence = 0;
};

TEST_F(SqliteStores, WhatIsCommittedComesBackInAnOrderThatCanBeApplied) {
  open();
  EXPECT_TRUE(recovered.records.empty());
  for (const Record& record : sample::one_of_each()) append(record);
  EXPECT_EQ(store->commit(), 7u);
  open();
  ASSERT_EQ(recovered.records.size(), 7u);
  EXPECT_TRUE(std::holds_alternative<SaveMessage>(recovered.records[0]));
  EXPECT_TRUE(std::holds_alternative<SaveSession>(recovered.records[1]));
}

TEST_F(SqliteStores, WhatIsNotCommittedDoesNot) {
  open();
  append(sample::session("a"));
  store->commit();
  append(sample::session("b"));
  EXPECT_EQ(left(), 1u);
}

TEST_F(SqliteStores, CommitAnswersWithTheLastSequenceAppended) {
  open();
  EXPECT_EQ(store->commit(), 0u);
  append(sample::session("a"));
  append(sample::session("b"));
  EXPECT_EQ(store->commit(), 2u);
  EXPECT_EQ(store->commit(), 2u);
}

TEST_F(SqliteStores, WhatIsDroppedBeforeTheCommitIsNotWrittenAtAll) {
  open();
  append(sample::session("a"));
  store->commit();
  const std::uint64_t commits = store->tally().commits;
  append(sample::message(1));
  append(sample::delivery("a", 1, 1));
  append(DropDelivery{"a", 1});
  append(SaveIncoming{"a", PacketId{1}});
  append(DropIncoming{"a", PacketId{1}});
  EXPECT_EQ(store->commit(), 6u);
  EXPECT_EQ(store->tally().commits, commits);
  EXPECT_EQ(left(), 1u);
}

TEST_F(SqliteStores, ALaterRecordTakesThePlaceOfAnEarlierOne) {
  open();
  append(sample::session("a"));
  append(sample::message(1));
  append(sample::delivery("a", 1, 1));
  store->commit();
  SaveDelivery sent = sample::delivery("a", 1, 1);
  sent.packet_id = PacketId{3};
  append(sent);
  append(SaveSession{"a", Version::v5, 5s, {}});
  store->commit();
  ASSERT_EQ(left(), 3u);
  EXPECT_EQ(std::get<SaveSession>(recovered.records[1]).expiry, 5s);
  EXPECT_EQ(std::get<SaveDelivery>(recovered.records[2]).packet_id, PacketId{3});
}

TEST_F(SqliteStores, AMessageStaysAsLongAsSomethingRefersToIt) {
  open();
  append(sample::message(1));
  append(sample::session("a"));
  append(sample::session("b"));
  append(sample::delivery("a", 1, 1));
  append(sample::delivery("b", 1, 1));
  append(SaveRetained{"t", MessageNumber{1}});
  store->commit();
  open();  // the count is of what was found
  append(DropDelivery{"a", 1});
  append(DropSession{"b"});
  store->commit();
  EXPECT_EQ(store->messages(), 1u);
  open();
  EXPECT_EQ(store->messages(), 1u);
  append(DropRetained{"t"});
  store->commit();
  EXPECT_EQ(left(), 1u);
}

TEST_F(SqliteStores, TheEndOfASessionTakesAllThatBelongsToIt) {
  open();
  for (const Record& record : sample::one_of_each()) append(record);
  append(DropRetained{"a/topic"});
  store->commit();
  append(DropSession{"s"});
  store->commit();
  EXPECT_EQ(left(), 0u);
}

TEST_F(SqliteStores, TimesAreToldByTheWallClock) {
  clock.at_zero = 1000s;
  open();
  append(SaveSession{"a", Version::v5, 60s, Instant(10s)});
  store->commit();
  clock.at_zero = 1030s;
  ASSERT_EQ(left(), 1u);
  EXPECT_EQ(std::get<SaveSession>(recovered.records[0]).disconnected_at, Instant(-20s));
}

TEST_F(SqliteStores, IsReadableForItsOwnerOnly) {
  open();
  append(sample::session("a"));
  store->commit();
  for (const char* rest : {"", "-wal"})
    EXPECT_EQ(fs::status(path + rest).permissions(),
              fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(SqliteStores, IsOpenForOneBrokerAtATime) {
  open();
  try {
    SqliteStore second(options());
    ADD_FAILURE() << "a second broker opened it";
  } catch (const StoreError& error) {
    EXPECT_EQ(error.kind(), Kind::locked);
    EXPECT_THAT(error.what(), HasSubstr("another broker"));
  }
  append(sample::session("a"));  // and the first goes on
  EXPECT_EQ(store->commit(), 1u);
}

TEST_F(SqliteStores, AFileOfSomethingElseIsRefused) {
  std::ofstream(path) << "This is my diary, and by no means an empty one.\n"
                      << std::string(5000, '.');
  EXPECT_EQ(refusal(), Kind::not_a_store);
  fs::remove(path);
  sql("CREATE TABLE other(x)");
  EXPECT_EQ(refusal(), Kind::not_a_store);
}

TEST_F(SqliteStores, ANewerVersionIsRefusedAndLeftAlone) {
  open();
  append(sample::session("a"));
  store->commit();
  store.reset();
  put_version(version_word(store_version + 1));
  EXPECT_EQ(refusal(), Kind::newer_version);
  EXPECT_THAT(text, HasSubstr("version " + std::to_string(store_version + 1)));
  put_version(version_word(store_version));
  EXPECT_EQ(left(), 1u);
}

TEST_F(SqliteStores, ADamagedVersionIsNotTakenForANewerOne) {
  open();
  append(sample::session("a"));
  store->commit();
  store.reset();
  for (int bit = 0; bit < 31; ++bit) {
    put_version(version_word(store_version) ^ (std::uint64_t{1} << bit));
    EXPECT_EQ(refusal(), Kind::damaged) << bit;
    EXPECT_THAT(text, HasSubstr("the version number is damaged")) << bit;
    EXPECT_THAT(text, HasSubstr("--repair")) << bit;
    put_version(std::uint64_t{1} ^ (std::uint64_t{1} << bit));  // of version 1
    EXPECT_EQ(refusal(), Kind::damaged) << bit;
  }
  EXPECT_EQ(repair_store({.path = path}).kept, 1u);
  EXPECT_EQ(left(), 1u);
}

TEST_F(SqliteStores, TheVersionBeforeIsReadAndBecomesThisOne) {
  open();
  append(sample::session("a"));
  store->commit();
  store.reset();
  put_version(1);
  EXPECT_EQ(left(), 1u);
  store.reset();
  sqlite::Database database(path, sqlite::OpenAs::existing, nullptr);
  EXPECT_EQ(database.number("PRAGMA user_version"), version_word(store_version));
}

// Root may write to everything.
class AsNobody {
 public:
  AsNobody() { is_somebody_else_ = ::geteuid() == 0 && ::seteuid(nobody) == 0; }
  ~AsNobody() {
    if (is_somebody_else_) {
      EXPECT_EQ(::seteuid(0), 0);
    }
  }

 private:
  static constexpr uid_t nobody = 65534;
  bool is_somebody_else_ = false;
};

TEST_F(SqliteStores, AStoreThatMayOnlyBeReadIsRefusedAndLeftAlone) {
  open();
  append(sample::session("a"));
  store->commit();
  store.reset();
  fs::permissions(folder.path(), fs::perms{0755});
  fs::permissions(path, fs::perms{0444});
  {
    const AsNobody nobody;
    EXPECT_EQ(refusal(), Kind::read_only);
  }
  EXPECT_THAT(text, HasSubstr("cannot be written to"));
  fs::permissions(path, fs::perms{0600});
  EXPECT_EQ(left(), 1u);
}

TEST_F(SqliteStores, AFolderThatIsNotThereIsRefused) {
  path = folder.path() / "nowhere" / "store.db";
  EXPECT_EQ(refusal(), Kind::cannot_open);
}

TEST_F(SqliteStores, ALostFileIsNotANewStore) {
  open();
  append(sample::session("a"));
  store->commit();
  store.reset();
  fs::remove(path);
  EXPECT_EQ(refusal(), Kind::damaged);
  std::ofstream{path};
  EXPECT_EQ(refusal(), Kind::damaged);
}

TEST_F(SqliteStores, AChangedRecordIsNamed) {
  open();
  for (const Record& record : sample::one_of_each()) append(record);
  store->commit();
  sql("UPDATE record SET body = replace(body, 'gone', 'back') WHERE id = 7");
  EXPECT_EQ(refusal(), Kind::damaged);
  EXPECT_THAT(text, HasSubstr("record 7: its checksum is wrong"));
  EXPECT_THAT(text, HasSubstr("--repair"));
}

TEST_F(SqliteStores, AMissingRecordIsNoticed) {
  open();
  for (const Record& record : sample::one_of_each()) append(record);
  store->commit();
  sql("DELETE FROM record WHERE id = 7");
  EXPECT_EQ(refusal(), Kind::damaged);
  EXPECT_THAT(text, HasSubstr("6 records can be read, 7 were stored"));
}

TEST_F(SqliteStores, AShortenedLogIsNoticed) {
  open();
  append(sample::session("a"));
  store->commit();
  TemporaryFolder killed;
  copy_to(killed.path());
  path = killed.path() / "store.db";
  fs::resize_file(path + "-wal", 0);
  EXPECT_EQ(refusal(), Kind::damaged);
  EXPECT_THAT(text, HasSubstr("the last 1 of"));
}

// Only then: what reached the disk at Durability::process is a matter of luck.
TEST_F(SqliteStores, AfterAPowerFailureDurabilityProcessMayHaveLostItsLog) {
  open(Durability::process);
  append(sample::session("a"));
  store->commit();
  TemporaryFolder killed;
  copy_to(killed.path());
  path = killed.path() / "store.db";
  fs::resize_file(path + "-wal", 0);
  // Nothing was synced but the empty store.
  EXPECT_EQ(refusal(), Kind::damaged);
  boot = 2;
  EXPECT_EQ(left(), 0u);
}

}  // namespace
}  // namespace mq::broker
