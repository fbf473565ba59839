// Which message a packet is about, and which received packet is which that was sent: what a trace
// does not say itself.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <vector>

#include "sim/trace/event.h"
#include "sim/trace/stamp.h"

namespace mq::report {

// A PUBLISH says by its payload which message it carries; PUBACK, PUBREC, PUBREL and PUBCOMP by the
// packet id that the last such PUBLISH had.
class Exchanges {
 public:
  struct About {
    trace::Stamp message;
    trace::End from;  // who sent its PUBLISH on this connection
  };
  // To be asked about every packet, in the order of the trace.
  std::optional<About> of(const trace::PacketSeen& seen);

 private:
  using Key = std::tuple<trace::ClientIndex, trace::End, PacketId>;  // who sent the PUBLISH
  std::map<Key, std::optional<trace::Stamp>> messages_;
};

// Packets on their way, each with whatever its sender's side wants to find again.
template <class Handle>
class OnTheWay {
 public:
  void sent(const trace::PacketSeen& seen, Handle handle) {
    packets_.push_back(
        {seen.connection, seen.end, {seen.wire.begin(), seen.wire.end()}, std::move(handle)});
  }
  // What was kept when this packet, now received, was sent.
  std::optional<Handle> received(const trace::PacketSeen& seen) {
    const auto sent = std::find_if(packets_.begin(), packets_.end(), [&](const Packet& p) {
      return p.connection == seen.connection && p.sender != seen.end &&
             std::equal(p.wire.begin(), p.wire.end(), seen.wire.begin(), seen.wire.end());
    });
    if (sent == packets_.end()) return std::nullopt;
    Handle handle = std::move(sent->handle);
    packets_.erase(sent);
    return handle;
  }
  // Nothing arrives any more at an end that has closed.
  void closed(const trace::LinkClosed& closed) {
    std::erase_if(packets_, [&](const Packet& p) {
      return p.connection == closed.connection && p.sender != closed.end;
    });
  }
  bool empty() const { return packets_.empty(); }

 private:
  struct Packet {
    trace::Connection connection;
    trace::End sender;
    std::vector<std::byte> wire;
    Handle handle;
  };
  std::vector<Packet> packets_;
};

}  // namespace mq::report
