// The broker's messages towards us: topic aliases, the QoS 2 packet ids that were handed on and
// whose PUBREL has not come, and the receive maximum that we granted (5.0: 3.3.2.3.4, 4.3.3, 4.9).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "client/core/client.h"
#include "client/core/handshake.h"

namespace mq::client {

// Sorted, in one block of memory: few ids, no allocation in the steady state, and an order that
// can be shown.
class PacketIds {
 public:
  bool contains(PacketId id) const;
  bool insert(PacketId id);  // false: it was there
  bool erase(PacketId id);   // false: it was not there
  void clear() { ids_.clear(); }
  std::size_t size() const { return ids_.size(); }
  auto begin() const { return ids_.begin(); }
  auto end() const { return ids_.end(); }

 private:
  std::vector<PacketId> ids_;
};

class Inbound {
 public:
  // What became of an incoming PUBLISH.
  struct Verdict {
    Rule breaks = Rule::none;
    bool is_new = true;  // false: a repetition of a QoS 2 message that was handed on
  };

  void new_connection(const Grants& grants, Version version);
  // Checks, and completes the topic from its alias. A QoS 1 or 2 message is then unacknowledged
  // until `acknowledged`.
  Verdict receive(Publish& publish);
  // PUBACK, a failing PUBREC or PUBCOMP was put on the link.
  void acknowledged(PacketId id) { open_.erase(id); }
  // PUBREL came; false if the id is not known.
  bool release(PacketId id) { return handed_on_.erase(id); }

  void restore(PacketId id) { handed_on_.insert(id); }
  const PacketIds& handed_on() const { return handed_on_; }
  void forget() { handed_on_.clear(); }

 private:
  Rule resolve_alias(Publish& publish);

  Version version_ = Version::v5;
  std::size_t receive_maximum_ = 0xFFFF;
  std::vector<std::string> aliases_;  // index alias - 1; empty where none was set yet
  std::size_t alias_maximum_ = 0;
  PacketIds handed_on_;
  PacketIds open_;  // came on this connection, not acknowledged to the end
};

}  // namespace mq::client
