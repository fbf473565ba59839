#include "broker/store/memory_store.h"

#include <utility>

#include "base/ensure.h"

namespace mq::broker {

void MemoryStore::append(std::uint64_t sequence, Record record) {
  ensure(sequence == appended_ + 1, "records come in sequence");
  appended_ = sequence;
  pending_.push_back(std::move(record));
}

std::uint64_t MemoryStore::commit() {
  for (Record& record : pending_) apply(record);
  pending_.clear();
  committed_ = appended_;
  return committed_;
}

void MemoryStore::crash() {
  pending_.clear();
  if (durability_ == Durability::none) state_ = {};
}

void MemoryStore::power_failure() {
  pending_.clear();
  if (durability_ != Durability::power) state_ = {};
}

Recovered MemoryStore::recover() {
  ensure(pending_.empty(), "recover() comes after a crash or a commit");
  appended_ = committed_ = 0;
  Recovered left;
  for (const auto& [number, stored] : state_.messages)
    left.records.push_back(SaveMessage{number, stored.message});
  for (const auto& [client_id, stored] : state_.sessions) {
    left.records.push_back(stored.session);
    for (const auto& [filter, record] : stored.subscriptions) left.records.push_back(record);
    for (const auto& [position, record] : stored.deliveries) left.records.push_back(record);
    for (PacketId id : stored.incoming) left.records.push_back(SaveIncoming{client_id, id});
  }
  for (const auto& [topic, number] : state_.retained)
    left.records.push_back(SaveRetained{topic, number});
  for (const auto& [client_id, will] : state_.wills) left.records.push_back(will);
  return left;
}

MemoryStore::StoredSession* MemoryStore::find(const std::string& client_id) {
  auto at = state_.sessions.find(client_id);
  return at == state_.sessions.end() ? nullptr : &at->second;
}

void MemoryStore::use(MessageNumber number) {
  if (number == MessageNumber::none) return;
  auto at = state_.messages.find(number);
  ensure(at != state_.messages.end(), "a message is stored before what refers to it");
  ++at->second.users;
}

void MemoryStore::release(MessageNumber number) {
  if (number == MessageNumber::none) return;
  auto at = state_.messages.find(number);
  if (--at->second.users == 0) state_.messages.erase(at);
}

void MemoryStore::apply(Record& record) {
  std::visit([this](auto& r) { apply(r); }, record);
}

void MemoryStore::apply(SaveMessage& r) {
  state_.messages.emplace(r.number, StoredMessage{std::move(r.message), 0});
}

void MemoryStore::apply(SaveSession& r) {
  StoredSession& stored = state_.sessions[r.client_id];
  stored.session = std::move(r);
}

void MemoryStore::apply(DropSession& r) {
  state_.wills.erase(r.client_id);
  auto at = state_.sessions.find(r.client_id);
  if (at == state_.sessions.end()) return;
  for (const auto& [position, delivery] : at->second.deliveries) release(delivery.message);
  state_.sessions.erase(at);
}

void MemoryStore::apply(SaveSubscription& r) {
  StoredSession* stored = find(r.client_id);
  ensure(stored != nullptr, "a session is stored before what belongs to it");
  std::string filter = r.entry.filter;
  stored->subscriptions.insert_or_assign(std::move(filter), std::move(r));
}

void MemoryStore::apply(DropSubscription& r) {
  if (StoredSession* stored = find(r.client_id)) stored->subscriptions.erase(r.filter);
}

void MemoryStore::apply(SaveDelivery& r) {
  StoredSession* stored = find(r.client_id);
  ensure(stored != nullptr, "a session is stored before what belongs to it");
  use(r.message);
  auto at = stored->deliveries.find(r.position);
  if (at == stored->deliveries.end()) {
    const std::uint64_t position = r.position;
    stored->deliveries.emplace(position, std::move(r));
    return;
  }
  release(at->second.message);
  at->second = std::move(r);
}

void MemoryStore::apply(DropDelivery& r) {
  StoredSession* stored = find(r.client_id);
  if (stored == nullptr) return;
  auto at = stored->deliveries.find(r.position);
  if (at == stored->deliveries.end()) return;
  release(at->second.message);
  stored->deliveries.erase(at);
}

void MemoryStore::apply(SaveIncoming& r) {
  if (StoredSession* stored = find(r.client_id)) stored->incoming.insert(r.packet_id);
}

void MemoryStore::apply(DropIncoming& r) {
  if (StoredSession* stored = find(r.client_id)) stored->incoming.erase(r.packet_id);
}

void MemoryStore::apply(SaveRetained& r) {
  use(r.message);
  auto [at, is_new] = state_.retained.emplace(r.topic, r.message);
  if (is_new) return;
  release(at->second);
  at->second = r.message;
}

void MemoryStore::apply(DropRetained& r) {
  auto at = state_.retained.find(r.topic);
  if (at == state_.retained.end()) return;
  release(at->second);
  state_.retained.erase(at);
}

void MemoryStore::apply(SaveWill& r) {
  std::string client_id = r.client_id;
  state_.wills.insert_or_assign(std::move(client_id), std::move(r));
}

void MemoryStore::apply(DropWill& r) { state_.wills.erase(r.client_id); }

}  // namespace mq::broker
