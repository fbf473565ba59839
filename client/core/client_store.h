// What a client's store holds: only what it has answered with Persisted.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <variant>
#include <vector>

#include "base/overloaded.h"
#include "client/core/client.h"

namespace mq::client {

class ClientStore {
 public:
  void append(const Persist& persist) {
    pending_.push_back(persist.record);
    last_ = persist.sequence;
  }
  // For Persisted: up to which sequence all is kept.
  std::uint64_t commit() {
    for (const Record& record : pending_)
      std::visit(
          overloaded{[&](const SavePublish& r) { publishes_.insert_or_assign(r.position, r); },
                     [&](const DropPublish& r) { publishes_.erase(r.position); },
                     [&](const SaveIncoming& r) { incoming_.insert(r.packet_id); },
                     [&](const DropIncoming& r) { incoming_.erase(r.packet_id); }},
          record);
    pending_.clear();
    return last_;
  }
  void crash() {
    pending_.clear();
    last_ = 0;
  }
  Recovered recover() const {
    Recovered recovered;
    for (const auto& [position, record] : publishes_) recovered.records.push_back(record);
    for (const PacketId id : incoming_) recovered.records.push_back(SaveIncoming{id});
    return recovered;
  }

 private:
  std::vector<Record> pending_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, SavePublish> publishes_;
  std::set<PacketId> incoming_;
};

}  // namespace mq::client
