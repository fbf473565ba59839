// What a stranger's bytes may do to the codec. The first byte of an input chooses what is tried,
// the version and the sender; the rest is the stream, the topic or the packet to build.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/ensure.h"
#include "protocol/codec.h"
#include "protocol/describe.h"
#include "protocol/property_table.h"
#include "protocol/topic.h"
#include "protocol/utf8.h"

namespace mq {
namespace {

using Buffer = std::vector<std::byte>;

// Draws what an operation needs from the input; zeros when it is used up.
class Source {
 public:
  explicit Source(std::span<const std::byte> data) : data_(data) {}

  std::uint8_t u8() {
    if (data_.empty()) return 0;
    const auto value = std::to_integer<std::uint8_t>(data_.front());
    data_ = data_.subspan(1);
    return value;
  }
  std::uint16_t u16() {
    const unsigned high = u8();
    return static_cast<std::uint16_t>(high << 8 | u8());
  }
  std::uint32_t u32() {
    const std::uint32_t high = u16();
    return high << 16 | u16();
  }
  bool flag() { return (u8() & 1) != 0; }
  std::string text() {
    const std::size_t wanted = u8() & 0x3F;
    const auto taken = data_.first(std::min(wanted, data_.size()));
    data_ = data_.subspan(taken.size());
    return std::string(reinterpret_cast<const char*>(taken.data()), taken.size());
  }
  Bytes binary() { return Bytes::copy(text()); }
  bool empty() const { return data_.empty(); }
  std::span<const std::byte> rest() const { return data_; }

 private:
  std::span<const std::byte> data_;
};

struct Setting {
  Version version;
  Sender from;
};

// A packet that was decoded survives being encoded and decoded again, and is told in one line.
void check_round_trip(const Packet& packet, std::size_t wire_bytes, Setting with) {
  Buffer again;
  encode(packet, with.version, again);
  ensure(again.size() == encoded_bytes(packet, with.version), "encoded_bytes tells the size");
  ensure(again.size() <= wire_bytes, "the shortest form is taken");
  const Decoded decoded = decode(again, with.version, with.from);
  ensure(decoded == Decoded(packet), "decode, encode, decode");
  const std::string line = describe(packet, with.version);
  ensure(!utf8_breaks(line) && line.find('\n') == std::string::npos, "a printable line");
}

void check_decode(std::span<const std::byte> bytes, Setting with) {
  const Decoded decoded = decode(bytes, with.version, with.from);
  if (const auto* packet = std::get_if<Packet>(&decoded))
    return check_round_trip(*packet, bytes.size(), with);
  const auto* fault = std::get_if<Malformed>(&decoded);
  ensure(fault != nullptr && fault->offset <= bytes.size() && info(fault->rule).is_seen_by_codec,
         "a fault of the codec within the packet");
}

struct Outcome {
  std::vector<Decoded> results;
  Buffer wire;
  bool operator==(const Outcome&) const = default;
};

// Feeds the stream in portions whose sizes `portions` draws: whole if there are none.
Outcome read(std::span<const std::byte> stream, Setting with, Source portions) {
  PacketReader reader(with.from, with.version, 4096);
  Outcome outcome;
  while (!stream.empty()) {
    const std::size_t draw = portions.empty() ? stream.size() : 1U + portions.u8() % 16;
    const auto portion = stream.first(std::min(draw, stream.size()));
    stream = stream.subspan(portion.size());
    reader.feed(portion);
    for (;;) {
      Decoded next = reader.next();
      if (std::holds_alternative<NeedMore>(next)) break;
      const bool is_fault = std::holds_alternative<Malformed>(next);
      outcome.results.push_back(std::move(next));
      if (is_fault) return outcome;
      outcome.wire.insert(outcome.wire.end(), reader.wire().begin(), reader.wire().end());
    }
  }
  return outcome;
}

void check_portions(std::span<const std::byte> data, Setting with) {
  Source in(data);
  const std::size_t wanted = in.u8();
  const std::size_t portions = std::min(wanted, in.rest().size());
  const auto stream = in.rest().subspan(portions);
  const Outcome whole = read(stream, with, Source({}));
  ensure(read(stream, with, Source(in.rest().first(portions))) == whole,
         "the portions make no difference");
  ensure(std::equal(whole.wire.begin(), whole.wire.end(), stream.begin()),
         "the wire of all packets is the stream");
}

// Slow and obvious: level by level, from the text of section 4.7.
using Texts = std::vector<std::string_view>;

Texts split(std::string_view text) {
  Texts all;
  Levels levels(text);
  while (const auto level = levels.next()) all.push_back(*level);
  return all;
}

bool model_matches(const Texts& filter, const Texts& name) {
  for (std::size_t i = 0; i < filter.size(); ++i) {
    if (filter[i] == "#") return true;
    if (i == name.size()) return false;
    if (filter[i] != "+" && filter[i] != name[i]) return false;
  }
  return filter.size() == name.size();
}

void check_topics(std::span<const std::byte> data) {
  const std::string_view text(reinterpret_cast<const char*>(data.data()), data.size());
  const std::size_t cut = std::min(text.find('\n'), text.size());
  const std::string_view filter = text.substr(0, cut);
  const std::string_view name = text.substr(std::min(cut + 1, text.size()));
  if (topic_filter_breaks(filter) || topic_name_breaks(name)) return;
  const auto parts = shared(filter);
  const Texts levels = split(parts ? parts->filter : filter);
  const Texts names = split(name);
  const bool hidden = names[0].starts_with('$') && (levels[0] == "#" || levels[0] == "+");
  // "a/#" matches "a" as well.
  Texts parent = levels;
  if (parent.size() > 1 && parent.back() == "#") parent.pop_back();
  const bool expected =
      !hidden && (model_matches(levels, names) ||
                  (parent.size() < levels.size() && model_matches(parent, names)));
  ensure(matches(filter, name) == expected, "matching is as the model says");
}

Properties build_properties(Source& in) {
  Properties all;
  for (unsigned count = in.u8() % 4; count > 0; --count) {
    const auto rows = all_properties();
    const PropertyInfo& row = rows[in.u8() % rows.size()];
    switch (row.form) {
      case PropertyForm::byte:
        all.add(row.id, std::uint32_t{in.u8()});
        break;
      case PropertyForm::two_bytes:
        all.add(row.id, std::uint32_t{in.u16()});
        break;
      case PropertyForm::four_bytes:
        all.add(row.id, in.u32());
        break;
      case PropertyForm::variable_integer:
        all.add(row.id, in.u32() >> 4);
        break;
      case PropertyForm::text:
        all.add(row.id, in.text());
        break;
      case PropertyForm::binary:
        all.add(row.id, in.binary());
        break;
      case PropertyForm::text_pair:
        all.add_user(in.text(), in.text());
        break;
    }
  }
  return all;
}

void build(Source& in, Connect& connect) {
  connect.version = Version(3 + in.u8() % 3);
  connect.client_id = in.text();
  connect.clean_start = in.flag();
  connect.keep_alive = in.u16();
  if (in.flag())
    connect.will = Will{in.text(), in.binary(), Qos(in.u8() % 4), in.flag(), build_properties(in)};
  if (in.flag()) connect.user_name = in.text();
  if (in.flag()) connect.password = in.binary();
  connect.properties = build_properties(in);
}
void build(Source& in, ConnAck& ack) {
  ack = {in.flag(), ReasonCode(in.u8()), build_properties(in)};
}
void build(Source& in, Publish& publish) {
  publish = {in.text(), PacketId(in.u16()),   Qos(in.u8() % 4),      in.flag(),
             in.flag(), build_properties(in), Bytes::copy(in.rest())};
}
template <Kind kind>
void build(Source& in, Acknowledgement<kind>& ack) {
  ack = {PacketId(in.u16()), ReasonCode(in.u8()), build_properties(in)};
}
void build(Source& in, Subscribe& subscribe) {
  subscribe.packet_id = PacketId(in.u16());
  subscribe.properties = build_properties(in);
  for (unsigned count = in.u8() % 4; count > 0; --count)
    subscribe.entries.push_back(
        {in.text(), {Qos(in.u8() % 4), in.flag(), in.flag(), RetainHandling(in.u8() % 4)}});
}
void build(Source& in, Unsubscribe& unsubscribe) {
  unsubscribe.packet_id = PacketId(in.u16());
  unsubscribe.properties = build_properties(in);
  for (unsigned count = in.u8() % 4; count > 0; --count) unsubscribe.filters.push_back(in.text());
}
template <class Ack>
void build_answers(Source& in, Ack& ack) {
  ack.packet_id = PacketId(in.u16());
  ack.properties = build_properties(in);
  for (unsigned count = in.u8() % 4; count > 0; --count) ack.reasons.push_back(ReasonCode(in.u8()));
}
void build(Source& in, SubAck& ack) { build_answers(in, ack); }
void build(Source& in, UnsubAck& ack) { build_answers(in, ack); }
void build(Source&, PingReq&) {}
void build(Source&, PingResp&) {}
void build(Source& in, Disconnect& disconnect) {
  disconnect = {ReasonCode(in.u8()), build_properties(in)};
}
void build(Source& in, Auth& auth) { auth = {ReasonCode(in.u8()), build_properties(in)}; }

template <std::size_t... at>
Packet empty_packet(std::size_t index, std::index_sequence<at...>) {
  Packet packet;
  ((index == at ? void(packet.emplace<at>()) : void()), ...);
  return packet;
}

// A value that may hold what no peer may send: encoded, it is either refused or that very value.
void check_encode(std::span<const std::byte> data, Setting with) {
  Source in(data);
  constexpr auto kinds = std::variant_size_v<Packet>;
  Packet packet = empty_packet(in.u8() % kinds, std::make_index_sequence<kinds>());
  std::visit([&](auto& body) { build(in, body); }, packet);
  Buffer wire;
  encode(packet, with.version, wire);
  ensure(wire.size() == encoded_bytes(packet, with.version), "encoded_bytes tells the size");
  const Decoded decoded = decode(wire, with.version, with.from);
  describe(packet, with.version, 8);
  if (const auto* same = std::get_if<Packet>(&decoded)) {
    Buffer again;
    encode(*same, with.version, again);
    ensure(again == wire, "what was encoded is decoded");
  }
}

void check(std::span<const std::byte> data) {
  Source in(data);
  const std::uint8_t choice = in.u8();
  const Setting with{Version(3 + choice % 3),
                     (choice & 0x08) != 0 ? Sender::client : Sender::server};
  switch (choice >> 6) {
    case 0:
      return check_decode(in.rest(), with);
    case 1:
      return check_portions(in.rest(), with);
    case 2:
      return check_topics(in.rest());
    default:
      return check_encode(in.rest(), with);
  }
}

}  // namespace
}  // namespace mq

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mq::check(std::as_bytes(std::span(data, size)));
  return 0;
}
