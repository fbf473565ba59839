// What a session owes its client at QoS 1 and 2, and at QoS 0 if that waits, in the order in which
// it came (both standards, 4.3, 4.4 and 4.6): first what has been sent and not acknowledged, then
// what waits.
//
//   |  sent on this link  |  sent on an earlier link  |  never sent  |
//   ^ front               ^ next to send                             ^ back
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "broker/core/letter.h"

namespace mq::broker {

using Identifiers = std::vector<std::uint32_t>;  // subscription identifiers

struct Delivery {
  using Phase = SaveDelivery::Phase;

  LetterRef letter;  // gone in phase received: only the packet id is still needed
  std::unique_ptr<Identifiers> identifiers;
  std::uint64_t position = 0;
  std::uint64_t needs = 0;  // the record that must be durable before it is sent
  std::size_t bytes = 0;    // counted for the queue
  std::uint32_t share = 0;  // ShareGroup::number of the group that chose this session
  PacketId packet_id = PacketId::none;
  Qos qos = Qos::at_least_once;
  Phase phase = Phase::queued;
  bool retain = false;
  bool sent_before = false;  // the next PUBLISH of it carries DUP
};

// Over all sessions.
struct QueueTotals {
  std::size_t messages = 0;
  std::size_t bytes = 0;
};

class Outgoing {
 public:
  explicit Outgoing(QueueTotals& totals) : totals_(totals) {}
  ~Outgoing() { clear(); }
  Outgoing(const Outgoing&) = delete;
  Outgoing& operator=(const Outgoing&) = delete;

  std::size_t size() const { return entries_.size() - head_; }
  bool empty() const { return size() == 0; }
  std::size_t bytes() const { return bytes_; }
  // How many are sent on this link and not acknowledged.
  std::size_t sent() const { return sent_; }
  std::size_t sent_bytes() const { return sent_bytes_; }
  bool all_sent() const { return sent_ == size(); }
  // Whether something of QoS 0 waits; it is never sent and still here.
  bool holds_qos0() const { return qos0_ > 0; }

  Delivery& operator[](std::size_t i) { return entries_[head_ + i]; }
  const Delivery& operator[](std::size_t i) const { return entries_[head_ + i]; }

  Delivery& push(Delivery delivery);
  void restore(Delivery delivery);  // after a restart, in order of position

  // The first that this link has not been sent. Only if not all_sent().
  Delivery& next() { return (*this)[sent_]; }
  void mark_sent() { sent_bytes_ += (*this)[sent_++].bytes; }
  // A new link: everything is to be sent again.
  void rewind() { sent_ = sent_bytes_ = 0; }

  // Where the delivery under this packet id stands; size() if nowhere.
  std::size_t find(PacketId id) const;
  Delivery* at_position(std::uint64_t position);  // nothing if it is done
  void erase(std::size_t index);
  void clear();
  // Frees the message of a QoS 2 delivery whose PUBREC has come.
  void release_letter(Delivery& delivery);

  PacketId free_packet_id();

 private:
  void append(Delivery delivery);
  void check_ids();

  QueueTotals& totals_;
  std::vector<Delivery> entries_;  // the first `head_` are done
  std::size_t head_ = 0;
  std::size_t sent_ = 0;
  std::size_t bytes_ = 0;
  std::size_t sent_bytes_ = 0;
  std::size_t qos0_ = 0;
  std::uint64_t next_position_ = 1;
  std::uint16_t last_id_ = 0;
  std::uint16_t ids_known_free_ = 0;  // after last_id_, none of so many is in use
};

}  // namespace mq::broker
