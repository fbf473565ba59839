// A store for simulations and tests: it outlives the broker whose crash is simulated, and forgets
// exactly what a real store might lose at its durability. As large as the state that is left, not
// as its history.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "broker/store/store.h"

namespace mq::broker {

class MemoryStore final : public Store {
 public:
  explicit MemoryStore(Durability durability) : durability_(durability) {}

  void append(std::uint64_t sequence, Record record) override;
  std::uint64_t commit() override;
  Recovered recover() override;

  // The broker's process ends: what was appended and not committed is gone, and at
  // Durability::none everything.
  void crash();
  // The machine loses power: at Durability::process nothing committed is sure to have reached the
  // disk, so all of it is gone.
  void power_failure();

  // How much is kept; for tests and reports.
  std::size_t messages() const { return state_.messages.size(); }
  std::size_t sessions() const { return state_.sessions.size(); }
  std::size_t uncommitted() const { return pending_.size(); }

 private:
  struct StoredMessage {
    std::shared_ptr<const Message> message;
    std::size_t users = 0;
  };
  struct StoredSession {
    SaveSession session;
    std::map<std::string, SaveSubscription> subscriptions;
    std::map<std::uint64_t, SaveDelivery> deliveries;
    std::set<PacketId> incoming;
  };
  struct State {
    std::map<MessageNumber, StoredMessage> messages;
    std::map<std::string, StoredSession> sessions;
    std::map<std::string, MessageNumber> retained;
    std::map<std::string, SaveWill> wills;  // also of clients whose session is not stored
  };

  void apply(Record& record);
  void apply(SaveMessage& r);
  void apply(SaveSession& r);
  void apply(DropSession& r);
  void apply(SaveSubscription& r);
  void apply(DropSubscription& r);
  void apply(SaveDelivery& r);
  void apply(DropDelivery& r);
  void apply(SaveIncoming& r);
  void apply(DropIncoming& r);
  void apply(SaveRetained& r);
  void apply(DropRetained& r);
  void apply(SaveWill& r);
  void apply(DropWill& r);
  void use(MessageNumber number);
  void release(MessageNumber number);
  StoredSession* find(const std::string& client_id);

  Durability durability_;
  State state_;
  std::vector<Record> pending_;
  std::uint64_t appended_ = 0;
  std::uint64_t committed_ = 0;
};

}  // namespace mq::broker
