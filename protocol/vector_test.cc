// Every vector, in every way in which its bytes can arrive.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <span>
#include <tuple>

#include "protocol/describe.h"
#include "protocol/property_table.h"
#include "protocol/rule.h"
#include "protocol/testing/vectors.h"

namespace mq {
namespace {

using Buffer = std::vector<std::byte>;

const std::vector<Vector>& vectors() {
  static const auto all = read_vectors(MQ_SOURCE_DIR "/protocol/vectors");
  return all;
}

std::string said(const Decoded& decoded, Version version) {
  if (const auto* packet = std::get_if<Packet>(&decoded)) return describe(*packet, version);
  if (const auto* fault = std::get_if<Malformed>(&decoded)) return describe(*fault);
  return "more is needed";
}

std::string expected(const Vector& v) { return v.is.empty() ? v.breaks : v.is; }

std::string where(const Vector& v) {
  return v.place + " " + v.name + " (" + name(v.version) +
         (v.from == Sender::client ? ", client)" : ", server)");
}

const Packet& packet(const Decoded& decoded) { return std::get<Packet>(decoded); }

// Every place in a small packet; in a large one those at its ends and some between.
std::vector<std::size_t> places(std::size_t size) {
  std::vector<std::size_t> all;
  for (std::size_t at = 0; at < size; ++at)
    if (size < 300 || at < 10 || at + 2 > size || at % 16'384 == 0) all.push_back(at);
  return all;
}

TEST(Vectors, AreDecodedAsTheySay) {
  ASSERT_GT(vectors().size(), 1000U);
  for (const Vector& v : vectors())
    EXPECT_EQ(said(decode(v.bytes, v.version, v.from), v.version), expected(v)) << where(v);
}

TEST(Vectors, AreTheSameInTwoPortionsCutAnywhere) {
  for (const Vector& v : vectors())
    for (const std::size_t cut : places(v.bytes.size() + 1)) {
      PacketReader reader(v.from, v.version);
      reader.feed(std::span(v.bytes).first(cut));
      Decoded decoded = reader.next();
      if (std::holds_alternative<NeedMore>(decoded)) {
        reader.feed(std::span(v.bytes).subspan(cut));
        decoded = reader.next();
      }
      ASSERT_EQ(said(decoded, v.version), expected(v)) << where(v) << " cut at " << cut;
    }
}

TEST(Vectors, AreTheSameByteByByte) {
  for (const Vector& v : vectors()) {
    PacketReader reader(v.from, v.version);
    Decoded decoded = NeedMore{};
    for (const std::byte& byte : v.bytes) {
      reader.feed(std::span(&byte, 1));
      decoded = reader.next();
      if (!std::holds_alternative<NeedMore>(decoded)) break;
    }
    ASSERT_EQ(said(decoded, v.version), expected(v)) << where(v);
    if (v.is.empty()) continue;
    ASSERT_TRUE(std::ranges::equal(reader.wire(), v.bytes)) << where(v);
  }
}

TEST(Vectors, LeaveWhatFollowsAlone) {
  for (const Vector& v : vectors()) {
    if (v.is.empty()) continue;
    Buffer twice = v.bytes;
    twice.insert(twice.end(), v.bytes.begin(), v.bytes.end());
    PacketReader reader(v.from, v.version);
    reader.feed(twice);
    for (int i = 0; i < 2; ++i) ASSERT_EQ(said(reader.next(), v.version), v.is) << where(v);
    ASSERT_EQ(reader.next(), Decoded(NeedMore{})) << where(v);
  }
}

TEST(Vectors, AreIncompleteAtEveryShorterLength) {
  for (const Vector& v : vectors())
    for (const std::size_t size : places(v.bytes.size())) {
      const auto part = std::span(v.bytes).first(size);
      ASSERT_TRUE(std::holds_alternative<Malformed>(decode(part, v.version, v.from))) << where(v);
      PacketReader reader(v.from, v.version);
      reader.feed(part);
      const Decoded decoded = reader.next();
      // A fault may show before the packet is complete; a legal packet may not.
      if (v.is.empty() && !std::holds_alternative<NeedMore>(decoded)) {
        ASSERT_EQ(said(decoded, v.version), v.breaks) << where(v) << " at " << size;
      } else {
        ASSERT_EQ(decoded, Decoded(NeedMore{})) << where(v) << " at " << size;
      }
    }
}

TEST(Vectors, AreEncodedToTheSameBytes) {
  for (const Vector& v : vectors()) {
    if (v.is.empty()) continue;
    const Decoded decoded = decode(v.bytes, v.version, v.from);
    ASSERT_TRUE(std::holds_alternative<Packet>(decoded)) << where(v);
    Buffer again;
    encode(packet(decoded), v.version, again);
    ASSERT_EQ(again, v.again) << where(v);
    ASSERT_EQ(encoded_bytes(packet(decoded), v.version), again.size()) << where(v);
    ASSERT_EQ(decode(again, v.version, v.from), decoded) << where(v);
  }
}

// Which version a client speaks stands in its CONNECT, whatever the reader takes it for.
TEST(Vectors, OfConnectTellTheirVersion) {
  for (const Vector& v : vectors()) {
    if (v.from != Sender::client || v.bytes[0] != std::byte{0x10}) continue;
    for (const Version assumed : {Version::v3_1, Version::v3_1_1, Version::v5})
      ASSERT_EQ(said(decode(v.bytes, assumed, v.from), v.version), expected(v)) << where(v);
  }
}

// Whatever a decoder makes of bytes, it stays within them, and a packet it returns survives being
// encoded and decoded again.
void expect_sound(const Buffer& bytes, const Vector& v) {
  const Decoded decoded = decode(bytes, v.version, v.from);
  if (const auto* fault = std::get_if<Malformed>(&decoded)) {
    ASSERT_LE(fault->offset, bytes.size()) << where(v);
    ASSERT_NE(fault->rule, Rule::none) << where(v);
    return;
  }
  ASSERT_TRUE(std::holds_alternative<Packet>(decoded)) << where(v);
  Buffer again;
  encode(packet(decoded), v.version, again);
  ASSERT_LE(again.size(), bytes.size()) << where(v);
  ASSERT_EQ(decode(again, v.version, v.from), decoded) << where(v);
}

TEST(Vectors, WithAShorterLengthAreSound) {
  for (const Vector& v : vectors())
    for (std::size_t body = 0; body + 2 < v.bytes.size() && body < 128; ++body) {
      Buffer shorter(v.bytes.begin(), v.bytes.begin() + static_cast<std::ptrdiff_t>(body + 2));
      shorter[1] = static_cast<std::byte>(body);
      expect_sound(shorter, v);
    }
}

TEST(Vectors, WithOneByteChangedAreSound) {
  for (const Vector& v : vectors()) {
    if (v.bytes.size() > 300) continue;
    Buffer changed = v.bytes;
    for (std::byte& byte : changed) {
      const std::byte was = byte;
      for (const unsigned other : {0x00U, 0x01U, 0x02U, 0x7FU, 0x80U, 0xFFU})
        for (const std::byte now : {std::byte(other), was ^ std::byte(other)}) {
          byte = now;
          expect_sound(changed, v);
        }
      byte = was;
    }
  }
}

TEST(Vectors, BreakEveryRuleOfTheCodecInEachVersionThatHasIt) {
  std::set<std::pair<std::string, Version>> broken;
  for (const Vector& v : vectors())
    if (!v.breaks.empty()) broken.emplace(v.breaks.substr(0, v.breaks.find(' ')), v.version);
  for (const RuleInfo& row : all_rules()) {
    const std::string rule(row.name);
    // The reader's own: decode() has no maximum. See codec_test.cc.
    const bool is_seen = row.is_seen_by_codec && row.rule != Rule::packet_fits_the_maximum;
    EXPECT_EQ(broken.contains({rule, Version::v3_1_1}), is_seen && !row.v3_1_1.empty()) << rule;
    EXPECT_EQ(broken.contains({rule, Version::v5}), is_seen && !row.v5.empty()) << rule;
  }
}

TEST(Vectors, HoldEveryPacketOfEachVersionAndSide) {
  std::set<std::tuple<Kind, Version, Sender>> held;
  for (const Vector& v : vectors())
    if (!v.is.empty()) held.emplace(Kind(std::to_integer<int>(v.bytes[0]) >> 4), v.version, v.from);
  // Both ways: PUBLISH and its acknowledgements; 5 go only up and 4 only down; 5.0 adds the way
  // down of DISCONNECT, and AUTH both ways.
  EXPECT_EQ(held.size(), 2U * (2 * 5 + 5 + 4) + (2 * 5 + 5 + 4 + 1 + 2));
}

struct Seen {
  std::set<std::tuple<PropertyId, PropertyPlaces, Sender>> properties;
  std::set<std::tuple<ReasonCode, Kind, Sender>> reasons;

  void add(const Properties& all, PropertyPlaces where, Sender from) {
    for (const Property& property : all.all()) properties.emplace(property.id, where, from);
  }
  void add(const Packet& of, Sender from) {
    std::visit(
        [&](const auto& body) {
          if constexpr (requires { body.properties; }) add(body.properties, place(kind(of)), from);
          if constexpr (requires { body.reason; }) reasons.emplace(body.reason, kind(of), from);
          if constexpr (requires { body.reasons; })
            for (const ReasonCode reason : body.reasons) reasons.emplace(reason, kind(of), from);
        },
        of);
    if (const auto* connect = std::get_if<Connect>(&of); connect != nullptr && connect->will)
      add(connect->will->properties, will_properties, from);
  }
};

Seen seen_in_v5() {
  Seen seen;
  for (const Vector& v : vectors())
    if (!v.is.empty() && v.version == Version::v5)
      seen.add(packet(decode(v.bytes, v.version, v.from)), v.from);
  return seen;
}

TEST(Vectors, HoldEveryPropertyInEveryPacketThatMayCarryIt) {
  const Seen seen = seen_in_v5();
  for (const PropertyInfo& row : all_properties())
    for (unsigned bit = 0; bit < 16; ++bit)
      for (const Sender from : {Sender::client, Sender::server}) {
        const auto where = static_cast<PropertyPlaces>(1U << bit);
        const auto places = from == Sender::client ? row.from_client : row.from_server;
        EXPECT_EQ(seen.properties.contains({row.id, where, from}), (places & where) != 0)
            << row.name << " in place " << bit;
      }
}

TEST(Vectors, HoldEveryReasonCodeInEveryPacketThatMayCarryIt) {
  const Seen seen = seen_in_v5();
  for (unsigned code = 0; code < 256; ++code)
    for (int of = 1; of <= 15; ++of)
      for (const Sender from : {Sender::client, Sender::server})
        EXPECT_EQ(seen.reasons.contains({ReasonCode(code), Kind(of), from}),
                  reason_fits(ReasonCode(code), Kind(of), Version::v5, from))
            << code << " in " << name(Kind(of));
}

}  // namespace
}  // namespace mq
