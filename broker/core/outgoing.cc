#include "broker/core/outgoing.h"

#include <algorithm>
#include <utility>

#include "base/ensure.h"

namespace mq::broker {

namespace {
constexpr std::size_t kept_entries = 32;  // of an empty queue; more is given back
constexpr std::size_t compact_from = 64;
}  // namespace

void Outgoing::append(Delivery delivery) {
  bytes_ += delivery.bytes;
  totals_.bytes += delivery.bytes;
  ++totals_.messages;
  if (delivery.qos == Qos::at_most_once) ++qos0_;
  entries_.push_back(std::move(delivery));
}

Delivery& Outgoing::push(Delivery delivery) {
  delivery.position = next_position_++;
  append(std::move(delivery));
  return entries_.back();
}

void Outgoing::restore(Delivery delivery) {
  ensure(empty() || entries_.back().position < delivery.position, "deliveries come in order");
  next_position_ = delivery.position + 1;
  last_id_ = std::max(last_id_, static_cast<std::uint16_t>(delivery.packet_id));
  append(std::move(delivery));
}

std::size_t Outgoing::find(PacketId id) const {
  for (std::size_t i = 0; i < size(); ++i) {
    const PacketId here = (*this)[i].packet_id;
    if (here == id) return i;
    if (here == PacketId::none) break;  // never sent, and so is everything after it
  }
  return size();
}

Delivery* Outgoing::at_position(std::uint64_t position) {
  const auto at = std::lower_bound(
      entries_.begin() + static_cast<std::ptrdiff_t>(head_), entries_.end(), position,
      [](const Delivery& has, std::uint64_t wanted) { return has.position < wanted; });
  return at != entries_.end() && at->position == position ? &*at : nullptr;
}

void Outgoing::erase(std::size_t index) {
  ensure(index < size(), "a delivery that is there");
  bytes_ -= (*this)[index].bytes;
  totals_.bytes -= (*this)[index].bytes;
  --totals_.messages;
  if ((*this)[index].qos == Qos::at_most_once) --qos0_;
  if (index < sent_) {
    --sent_;
    sent_bytes_ -= (*this)[index].bytes;
  }
  if (index == 0) {
    (*this)[0] = Delivery{};
    ++head_;
  } else {
    entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(head_ + index));
  }
  if (empty()) {
    entries_.clear();
    head_ = 0;
    if (entries_.capacity() > kept_entries) entries_.shrink_to_fit();
  } else if (head_ >= compact_from && head_ * 2 > entries_.size()) {
    entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }
}

void Outgoing::release_letter(Delivery& delivery) {
  bytes_ -= delivery.bytes;
  totals_.bytes -= delivery.bytes;
  if (&delivery - &(*this)[0] < static_cast<std::ptrdiff_t>(sent_)) sent_bytes_ -= delivery.bytes;
  delivery.bytes = 0;
  delivery.letter.reset();
  delivery.identifiers.reset();
}

void Outgoing::clear() {
  totals_.messages -= size();
  totals_.bytes -= bytes_;
  entries_.clear();
  head_ = sent_ = bytes_ = sent_bytes_ = qos0_ = 0;
}

// Ids are given in a circle, so the next id in use can only be met again after the others have
// been used up: the walk over the ids in use is needed once per that distance.
void Outgoing::check_ids() {
  std::uint16_t nearest = 0xFFFF;
  for (std::size_t i = 0; i < size(); ++i) {
    const auto id = static_cast<std::uint16_t>((*this)[i].packet_id);
    if (id == 0) break;
    nearest = std::min(nearest, static_cast<std::uint16_t>(id - last_id_ - 1));
  }
  ids_known_free_ = nearest;
}

PacketId Outgoing::free_packet_id() {
  // Fewer than the ids there are can be in flight (window_max), so one is found.
  for (;;) {
    if (ids_known_free_ == 0) check_ids();
    ++last_id_;
    if (ids_known_free_ == 0) continue;
    --ids_known_free_;
    if (last_id_ != 0) return PacketId{last_id_};
  }
}

}  // namespace mq::broker
