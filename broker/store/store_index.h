// Which rows make up the present state: the record that came last for each thing that is kept, and
// how many refer to a message. Tells the batch what is new and what is outdated.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>

#include "broker/core/record.h"
#include "broker/store/batch.h"

namespace mq::broker {

class StoreIndex {
 public:
  explicit StoreIndex(Batch& batch) : batch_(batch) {}

  // Records in the order in which the core emits them.
  void apply(const Record& record);
  // After a restart: this row is on disk. In an order that can be applied to an empty broker.
  // False if what it belongs to or refers to is not there; it is then left out.
  bool adopt(const Record& record, const Row& row);
  // After the last adopt(): messages that nobody refers to are outdated.
  void drop_unused_messages();

  std::size_t messages() const { return messages_.size(); }
  std::size_t sessions() const { return sessions_.size(); }

 private:
  struct StoredMessage {
    Row row;
    std::size_t users = 0;
  };
  struct Reference {
    Row row;
    MessageNumber message = MessageNumber::none;
  };
  struct StoredSession {
    Row row;
    std::map<std::string, Row, std::less<>> subscriptions;
    std::map<std::uint64_t, Reference> deliveries;
    std::map<PacketId, Row> incoming;
  };

  // A new row for the record, or the one it was found in.
  Row row_of(const Record& record);
  void replace(Row& has, const Record& record);
  void take(const SaveMessage& r, const Record& record);
  void take(const SaveSession& r, const Record& record);
  void take(const SaveSubscription& r, const Record& record);
  void take(const SaveDelivery& r, const Record& record);
  void take(const SaveIncoming& r, const Record& record);
  void take(const SaveRetained& r, const Record& record);
  void take(const SaveWill& r, const Record& record);
  void take(const DropSession& r, const Record&);
  void take(const DropSubscription& r, const Record&);
  void take(const DropDelivery& r, const Record&);
  void take(const DropIncoming& r, const Record&);
  void take(const DropRetained& r, const Record&);
  void take(const DropWill& r, const Record&);
  void use(MessageNumber number);
  void release(MessageNumber number);
  StoredSession* find(const std::string& client_id);
  StoredSession& session_of(const std::string& client_id);
  bool has_what_it_needs(const Record& record);

  Batch& batch_;
  const Row* adopted_ = nullptr;  // during adopt()
  std::unordered_map<MessageNumber, StoredMessage> messages_;
  std::unordered_map<std::string, StoredSession> sessions_;
  std::unordered_map<std::string, Reference> retained_;
  std::unordered_map<std::string, Row> wills_;  // also of clients whose session is not stored
};

}  // namespace mq::broker
