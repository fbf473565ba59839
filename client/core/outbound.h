// Our messages towards the broker, from the order until the last acknowledgement: which stage each
// has reached, in which order they go out, and how many may be under way (5.0: 4.3, 4.4, 4.6, 4.9).
// It decides about no packet; client.cc does.
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <unordered_map>

#include "client/core/client.h"

namespace mq::client {

struct Outgoing {
  enum class Stage : std::uint8_t {
    waiting,   // has no packet id yet
    ready,     // has one, is not sent on this connection yet
    sent,      // on this connection; neither PUBACK nor PUBREC has come
    released,  // PUBREC has come: only PUBREL may be sent again
  };
  std::uint64_t position = 0;    // order of sending, and the record's name
  std::optional<Handle> handle;  // none for one of an earlier run
  Publish message;
  std::optional<Instant> expires_at;
  std::uint64_t saved = 0;  // the Persist that must be durable before the next packet goes
  Stage stage = Stage::waiting;
  bool was_sent = false;  // on any connection: the next time it is a repetition
  bool counts = false;    // against the broker's receive maximum, on this connection
};

class Outbound {
 public:
  using List = std::list<Outgoing>;
  using Item = List::iterator;

  std::uint64_t next_position() { return ++last_position_; }
  void push_waiting(Outgoing item);
  // Puts back what an earlier run had under way; in order of position.
  void restore(Outgoing item);

  bool has_waiting() const { return !waiting_.empty(); }
  bool has_ready() const { return !ready_.empty(); }
  Item front_waiting() { return waiting_.begin(); }
  Item front_ready() { return ready_.begin(); }
  List& released() { return released_; }
  List& waiting() { return waiting_; }

  // The first waiting one gets its packet id.
  Item admit(PacketId id);
  void mark_sent(Item item);
  void mark_released(Item item);
  // The item with this packet id; nothing if there is none.
  std::optional<Item> find(PacketId id);
  bool uses(PacketId id) const { return by_id_.contains(id); }
  void drop(Item item);

  // The link is gone: what was sent is to be sent again, in its order, before all others.
  void link_lost();
  // The broker has forgotten the session: all under way but not released wait again, in order,
  // without a packet id. The released ones stay; the caller drops them.
  void session_lost();

  std::size_t size() const;
  std::size_t waiting_messages() const { return waiting_.size(); }
  std::size_t waiting_bytes() const { return waiting_bytes_; }
  std::size_t under_way() const { return ready_.size() + sent_.size() + released_.size(); }
  std::size_t quota_used() const { return quota_used_; }

 private:
  List& list_of(Outgoing::Stage stage);
  void move(Item item, Outgoing::Stage to);

  List waiting_, ready_, sent_, released_;
  std::unordered_map<PacketId, Item> by_id_;
  std::uint64_t last_position_ = 0;
  std::size_t waiting_bytes_ = 0;
  std::size_t quota_used_ = 0;
};

}  // namespace mq::client
