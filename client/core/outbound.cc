#include "client/core/outbound.h"

#include <algorithm>
#include <utility>

#include "base/ensure.h"

namespace mq::client {
namespace {

std::size_t held_bytes(const Publish& message) {
  return message.topic.size() + message.payload.size();
}

}  // namespace

void Outbound::push_waiting(Outgoing item) {
  item.stage = Outgoing::Stage::waiting;
  waiting_bytes_ += held_bytes(item.message);
  waiting_.push_back(std::move(item));
}

void Outbound::restore(Outgoing item) {
  last_position_ = std::max(last_position_, item.position);
  if (item.stage == Outgoing::Stage::waiting) return push_waiting(std::move(item));
  const PacketId id = item.message.packet_id;
  List& list = list_of(item.stage);
  list.push_back(std::move(item));
  by_id_[id] = std::prev(list.end());
}

Outbound::Item Outbound::admit(PacketId id) {
  const Item item = waiting_.begin();
  item->message.packet_id = id;
  move(item, Outgoing::Stage::ready);
  by_id_[id] = item;
  return item;
}

void Outbound::mark_sent(Item item) {
  move(item, Outgoing::Stage::sent);
  item->was_sent = true;
  item->counts = true;
  ++quota_used_;
}

void Outbound::mark_released(Item item) { move(item, Outgoing::Stage::released); }

std::optional<Outbound::Item> Outbound::find(PacketId id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return std::nullopt;
  return found->second;
}

void Outbound::drop(Item item) {
  if (item->counts) --quota_used_;
  if (item->stage == Outgoing::Stage::waiting)
    waiting_bytes_ -= held_bytes(item->message);
  else
    by_id_.erase(item->message.packet_id);
  list_of(item->stage).erase(item);
}

void Outbound::link_lost() {
  for (Outgoing& item : sent_) item.stage = Outgoing::Stage::ready;
  ready_.splice(ready_.begin(), sent_);
  for (List* list : {&ready_, &released_})
    for (Outgoing& item : *list) item.counts = false;
  quota_used_ = 0;
}

void Outbound::session_lost() {
  ensure(sent_.empty(), "a session is lost only while nothing was sent on the new link");
  for (Outgoing& item : ready_) {
    by_id_.erase(item.message.packet_id);
    item.message.packet_id = PacketId::none;
    item.stage = Outgoing::Stage::waiting;
    waiting_bytes_ += held_bytes(item.message);
  }
  waiting_.splice(waiting_.begin(), ready_);
}

std::size_t Outbound::size() const { return waiting_.size() + under_way(); }

Outbound::List& Outbound::list_of(Outgoing::Stage stage) {
  switch (stage) {
    case Outgoing::Stage::waiting:
      return waiting_;
    case Outgoing::Stage::ready:
      return ready_;
    case Outgoing::Stage::sent:
      return sent_;
    case Outgoing::Stage::released:
      break;
  }
  return released_;
}

void Outbound::move(Item item, Outgoing::Stage to) {
  List& target = list_of(to);
  if (item->stage == Outgoing::Stage::waiting) waiting_bytes_ -= held_bytes(item->message);
  target.splice(target.end(), list_of(item->stage), item);
  item->stage = to;
}

}  // namespace mq::client
