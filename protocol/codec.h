// Bytes to packets and back (both standards, chapters 2 and 3). A peer's fault is a value that
// names the rule broken and the byte; nothing here throws, and nothing is reserved from a length
// that was only announced.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "protocol/packet.h"
#include "protocol/rule.h"

namespace mq {

struct Malformed {
  Rule rule;  // the sentence that the peer broke
  // At which byte of the packet, counted from its first: where the field at fault begins; in text
  // the byte that cannot stand there; the first byte that is left over or missing.
  std::size_t offset;
  bool operator==(const Malformed&) const = default;
};

struct NeedMore {
  bool operator==(const NeedMore&) const = default;
};

using Decoded = std::variant<NeedMore, Packet, Malformed>;

// The largest packet that the wire format can express: 5 bytes of header, 268,435,455 of body.
inline constexpr std::size_t packet_bytes_limit = 268'435'460;

// Cuts a stream into packets. Bytes may arrive in any portions. After a Malformed nothing further
// is decoded: the link is to be closed.
class PacketReader {
 public:
  // A reader of a client's bytes learns the version from its CONNECT; until then, and for a
  // server's bytes, `version` counts. Packets over `packet_bytes_max` are Malformed with
  // Rule::packet_fits_the_maximum as soon as their length has arrived. A packet of many tiny
  // properties or filters takes up to 30 times its size on the wire once decoded: set a maximum.
  PacketReader(Sender from, Version version, std::size_t packet_bytes_max = packet_bytes_limit);

  void feed(std::span<const std::byte> bytes);
  Decoded next();

  // Of the packet that `next` returned last, first byte to last, as far as a malformed one has
  // arrived; empty after NeedMore. Valid until the next feed().
  std::span<const std::byte> wire() const;

  Version version() const { return version_; }
  void use_version(Version version) { version_ = version; }
  void allow_packet_bytes(std::size_t max) { packet_bytes_max_ = max; }
  std::size_t buffered_bytes() const;  // held for a packet that is not complete yet
  std::size_t memory_bytes() const { return buffer_.capacity(); }  // on the heap

 private:
  Sender from_;
  Version version_;
  std::size_t packet_bytes_max_;
  std::vector<std::byte> buffer_;
  std::size_t read_ = 0;  // where in buffer_ the next packet begins
  std::size_t wire_begin_ = 0;
  std::size_t wire_size_ = 0;
  std::optional<Malformed> fault_;
};

// Decodes exactly one packet that fills `bytes`.
Decoded decode(std::span<const std::byte> bytes, Version version, Sender from);

// Appends the packet to `out`. Encodes whatever the value says, also what the standard forbids; a
// field that cannot be expressed (a string over 65,535 bytes, a packet over the limit, a property
// with a value of another type) is an invariant of the caller. What `version` has no place for is
// left out: in 3.1.1 all properties, the reason codes of the PUBACK family, of DISCONNECT and of
// UNSUBACK, and all subscription options but the QoS. CONNECT is encoded in its own version.
// Where 5.0 has a shorter form (no reason code, no property length) it is used.
void encode(const Packet& packet, Version version, std::vector<std::byte>& out);
void encode(const Publish& packet, Version version, std::vector<std::byte>& out);
Bytes encode(const Packet& packet, Version version);

// The size that encode() would append.
std::size_t encoded_bytes(const Packet& packet, Version version);
std::size_t encoded_bytes(const Publish& packet, Version version);

// A PUBLISH for many receivers: the head (everything before the payload) is encoded once for all
// of one shape, copied for each receiver and patched there; the payload is never copied.
struct PublishShape {
  std::string_view topic;
  PacketId packet_id = PacketId::none;
  Qos qos = Qos::at_most_once;
  bool dup = false;
  bool retain = false;
  // 5.0: the message's own, and behind them those of one receiver (subscription identifiers, a
  // topic alias), so that nobody has to copy the former to add the latter.
  std::span<const Property> properties = {};
  std::span<const Property> more_properties = {};
  std::size_t payload_bytes = 0;
};

// What lies where in an encoded head, and how to change it in a copy. Offsets count from the
// head's first byte; 0 means that the head has no such field.
struct PublishHead {
  std::size_t bytes = 0;
  std::size_t packet_id_at = 0;
  std::size_t expiry_at = 0;  // the four bytes of the message expiry interval

  void set_packet_id(std::span<std::byte> encoded, PacketId id) const;
  void set_expiry(std::span<std::byte> encoded, std::uint32_t seconds) const;
  void set_dup(std::span<std::byte> encoded) const;
};

// Appends the head of such a PUBLISH to `out`; `payload_bytes` bytes of payload complete it.
PublishHead encode_publish_head(const PublishShape& publish, Version version,
                                std::vector<std::byte>& out);

}  // namespace mq
