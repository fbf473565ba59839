#include "broker/store/memory_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mq::broker {
namespace {

class Stores : public ::testing::Test {
 protected:
  void append(Record record) { store.append(++sequence, std::move(record)); }
  void save_message(std::uint64_t number) {
    auto message = std::make_shared<Message>();
    message->topic = "t";
    append(SaveMessage{MessageNumber{number}, message});
  }
  void save_session(const std::string& id) {
    append(SaveSession{id, Version::v5, std::chrono::seconds(60), {}});
  }
  void owe(const std::string& id, std::uint64_t position, std::uint64_t message) {
    append(SaveDelivery{.client_id = id,
                        .position = position,
                        .message = MessageNumber{message},
                        .qos = Qos::at_least_once});
  }
  std::size_t left() { return store.recover().records.size(); }

  MemoryStore store{Durability::process};
  std::uint64_t sequence = 0;
};

TEST_F(Stores, CommitAnswersWithTheLastSequenceAppended) {
  EXPECT_EQ(store.commit(), 0u);
  save_session("a");
  save_session("b");
  EXPECT_EQ(store.commit(), 2u);
  EXPECT_EQ(store.commit(), 2u);
}

TEST_F(Stores, ACrashForgetsWhatWasNotCommitted) {
  save_session("a");
  store.commit();
  save_session("b");
  store.crash();
  EXPECT_EQ(left(), 1u);
}

TEST_F(Stores, WhatSurvivesDependsOnTheDurability) {
  struct Row {
    Durability durability;
    std::size_t after_crash, after_power_failure;
  };
  for (Row row : {Row{Durability::none, 0, 0}, Row{Durability::process, 1, 0},
                  Row{Durability::power, 1, 1}}) {
    for (bool power : {false, true}) {
      MemoryStore kept(row.durability);
      kept.append(1, SaveRetained{"t", MessageNumber::none});
      kept.commit();
      power ? kept.power_failure() : kept.crash();
      EXPECT_EQ(kept.recover().records.size(), power ? row.after_power_failure : row.after_crash);
    }
  }
}

TEST_F(Stores, AMessageStaysAsLongAsSomethingRefersToIt) {
  save_message(1);
  save_session("a");
  save_session("b");
  owe("a", 1, 1);
  owe("b", 1, 1);
  append(SaveRetained{"t", MessageNumber{1}});
  store.commit();
  EXPECT_EQ(store.messages(), 1u);
  append(DropDelivery{"a", 1});
  append(DropSession{"b"});
  store.commit();
  EXPECT_EQ(store.messages(), 1u);
  append(DropRetained{"t"});
  store.commit();
  EXPECT_EQ(store.messages(), 0u);
}

TEST_F(Stores, ADeliveryIsReplacedByItsNextPhase) {
  save_message(1);
  save_session("a");
  owe("a", 1, 1);
  append(SaveDelivery{.client_id = "a",
                      .position = 1,
                      .packet_id = PacketId{7},
                      .phase = SaveDelivery::Phase::received});
  store.commit();
  EXPECT_EQ(store.messages(), 0u);
  EXPECT_EQ(left(), 2u);
}

TEST_F(Stores, RecordsComeBackInAnOrderThatCanBeApplied) {
  save_session("b");
  save_message(2);
  owe("b", 5, 2);
  owe("b", 3, 2);
  append(SaveSubscription{"b", {"t", {}}, {}});
  append(SaveIncoming{"b", PacketId{4}});
  append(SaveRetained{"t", MessageNumber{2}});
  append(SaveWill{"b", {}, {}});
  store.commit();
  std::vector<std::size_t> kinds;
  for (const Record& record : store.recover().records) kinds.push_back(record.index());
  EXPECT_THAT(kinds, ::testing::ElementsAre(
                         Record(SaveMessage{}).index(), Record(SaveSession{}).index(),
                         Record(SaveSubscription{}).index(), Record(SaveDelivery{}).index(),
                         Record(SaveDelivery{}).index(), Record(SaveIncoming{}).index(),
                         Record(SaveRetained{}).index(), Record(SaveWill{}).index()));
}

// Bounded by the state, not by the history.
TEST_F(Stores, AThousandMessagesThatWereDeliveredLeaveNothing) {
  save_session("a");
  store.commit();
  const std::size_t before = left();
  sequence = 0;
  for (std::uint64_t i = 1; i <= 1000; ++i) {
    save_message(i);
    owe("a", i, i);
    append(DropDelivery{"a", i});
    append(SaveIncoming{"a", PacketId{1}});
    append(DropIncoming{"a", PacketId{1}});
    append(SaveWill{"a", {}, {}});
    append(DropWill{"a"});
  }
  store.commit();
  EXPECT_EQ(left(), before);
  EXPECT_EQ(store.messages(), 0u);
  EXPECT_EQ(store.uncommitted(), 0u);
}

}  // namespace
}  // namespace mq::broker
