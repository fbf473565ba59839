// What a session has under way: the exchanges that the watched side began, and the answers that it
// owes. Both hold at most one entry per packet identifier and kind; nothing is kept of what is
// done.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"
#include "protocol/packet.h"

namespace mq::monitors {

// The watched side sent it, and it is not finished.
struct Open {
  enum class State : std::uint8_t { publish, pub_rec_heard, pub_rel, request };
  std::uint32_t order = 0;       // of its first time, in the session
  std::uint32_t print = 0;       // of the payload: the same message or another
  std::uint32_t connection = 0;  // on which it was sent last
  State state = State::publish;
  Qos qos = Qos::at_least_once;
};
using OpenById = boost::unordered_flat_map<std::uint16_t, Open>;

// The watched side heard something that wants an answer.
struct Owed {
  Kind answer{};
  PacketId packet_id{};
  std::uint16_t filters = 0;  // of SUBSCRIBE and UNSUBSCRIBE
  Instant since;
};

class OwedAnswers {
 public:
  struct Taken {
    Owed owed;
    bool in_order = false;  // no older one of its kind is open
  };
  void add(const Owed& owed);
  std::optional<Taken> take(Kind answer, PacketId packet_id);
  const Owed* oldest() const { return head_ < all_.size() ? &all_[head_] : nullptr; }
  void drop_oldest() { ++head_; }
  bool empty() const { return head_ == all_.size(); }
  void clear();
  std::size_t size() const { return all_.size() - head_; }

 private:
  std::vector<Owed> all_;  // in the order in which they came
  std::size_t head_ = 0;
};

// Of the first bytes of a payload and its size: enough to tell a message from the next one.
std::uint32_t print_of(const Publish& publish);

}  // namespace mq::monitors
