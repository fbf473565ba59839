#include "broker/store/store_index.h"

#include <utility>

#include "base/ensure.h"
#include "base/overloaded.h"

namespace mq::broker {

void StoreIndex::apply(const Record& record) {
  std::visit([&](const auto& r) { take(r, record); }, record);
}

bool StoreIndex::adopt(const Record& record, const Row& row) {
  if (!has_what_it_needs(record)) return false;
  adopted_ = &row;
  apply(record);
  adopted_ = nullptr;
  return true;
}

bool StoreIndex::has_what_it_needs(const Record& record) {
  const auto has = [this](MessageNumber number) { return messages_.contains(number); };
  return std::visit(
      overloaded{
          [&](const SaveSubscription& r) { return find(r.client_id) != nullptr; },
          [&](const SaveIncoming& r) { return find(r.client_id) != nullptr; },
          [&](const SaveDelivery& r) {
            return find(r.client_id) != nullptr &&
                   (r.message == MessageNumber::none ? r.phase == SaveDelivery::Phase::received
                                                     : has(r.message));
          },
          [&](const SaveRetained& r) { return has(r.message); }, [](const auto&) { return true; }},
      record);
}

void StoreIndex::drop_unused_messages() {
  for (auto at = messages_.begin(); at != messages_.end();) {
    if (at->second.users > 0) {
      ++at;
      continue;
    }
    batch_.remove(at->second.row);
    at = messages_.erase(at);
  }
}

Row StoreIndex::row_of(const Record& record) {
  return adopted_ != nullptr ? *adopted_ : batch_.add(record);
}

void StoreIndex::replace(Row& has, const Record& record) {
  if (has.id != 0) batch_.remove(has);
  has = row_of(record);
}

StoreIndex::StoredSession* StoreIndex::find(const std::string& client_id) {
  auto at = sessions_.find(client_id);
  return at == sessions_.end() ? nullptr : &at->second;
}

StoreIndex::StoredSession& StoreIndex::session_of(const std::string& client_id) {
  StoredSession* stored = find(client_id);
  ensure(stored != nullptr, "a session is stored before what belongs to it");
  return *stored;
}

void StoreIndex::use(MessageNumber number) {
  if (number == MessageNumber::none) return;
  auto at = messages_.find(number);
  ensure(at != messages_.end(), "a message is stored before what refers to it");
  ++at->second.users;
}

void StoreIndex::release(MessageNumber number) {
  if (number == MessageNumber::none) return;
  auto at = messages_.find(number);
  if (--at->second.users > 0) return;
  batch_.remove(at->second.row);
  messages_.erase(at);
}

void StoreIndex::take(const SaveMessage& r, const Record& record) {
  replace(messages_[r.number].row, record);
}

void StoreIndex::take(const SaveSession& r, const Record& record) {
  replace(sessions_[r.client_id].row, record);
}

void StoreIndex::take(const SaveSubscription& r, const Record& record) {
  replace(session_of(r.client_id).subscriptions[r.entry.filter], record);
}

void StoreIndex::take(const SaveDelivery& r, const Record& record) {
  Reference& has = session_of(r.client_id).deliveries[r.position];
  use(r.message);
  replace(has.row, record);
  release(std::exchange(has.message, r.message));
}

void StoreIndex::take(const SaveIncoming& r, const Record& record) {
  replace(session_of(r.client_id).incoming[r.packet_id], record);
}

void StoreIndex::take(const SaveRetained& r, const Record& record) {
  Reference& has = retained_[r.topic];
  use(r.message);
  replace(has.row, record);
  release(std::exchange(has.message, r.message));
}

void StoreIndex::take(const SaveWill& r, const Record& record) {
  replace(wills_[r.client_id], record);
}

void StoreIndex::take(const DropSession& r, const Record&) {
  take(DropWill{r.client_id}, {});
  auto at = sessions_.find(r.client_id);
  if (at == sessions_.end()) return;
  const StoredSession& stored = at->second;
  batch_.remove(stored.row);
  for (const auto& [filter, row] : stored.subscriptions) batch_.remove(row);
  for (const auto& [id, row] : stored.incoming) batch_.remove(row);
  for (const auto& [position, delivery] : stored.deliveries) {
    batch_.remove(delivery.row);
    release(delivery.message);
  }
  sessions_.erase(at);
}

void StoreIndex::take(const DropSubscription& r, const Record&) {
  StoredSession* stored = find(r.client_id);
  if (stored == nullptr) return;
  auto at = stored->subscriptions.find(r.filter);
  if (at == stored->subscriptions.end()) return;
  batch_.remove(at->second);
  stored->subscriptions.erase(at);
}

void StoreIndex::take(const DropDelivery& r, const Record&) {
  StoredSession* stored = find(r.client_id);
  if (stored == nullptr) return;
  auto at = stored->deliveries.find(r.position);
  if (at == stored->deliveries.end()) return;
  batch_.remove(at->second.row);
  release(at->second.message);
  stored->deliveries.erase(at);
}

void StoreIndex::take(const DropIncoming& r, const Record&) {
  StoredSession* stored = find(r.client_id);
  if (stored == nullptr) return;
  auto at = stored->incoming.find(r.packet_id);
  if (at == stored->incoming.end()) return;
  batch_.remove(at->second);
  stored->incoming.erase(at);
}

void StoreIndex::take(const DropRetained& r, const Record&) {
  auto at = retained_.find(r.topic);
  if (at == retained_.end()) return;
  batch_.remove(at->second.row);
  release(at->second.message);
  retained_.erase(at);
}

void StoreIndex::take(const DropWill& r, const Record&) {
  auto at = wills_.find(r.client_id);
  if (at == wills_.end()) return;
  batch_.remove(at->second);
  wills_.erase(at);
}

}  // namespace mq::broker
