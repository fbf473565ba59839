// The cases for clients bite: a client with a fault, made by meddling with what ours sends, hears
// and tells, is seen by a case that names the statement that it breaks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "conformance/mutants/bent_web_socket.h"
#include "conformance/runner/library.h"
#include "conformance/runner/ours_client.h"
#include "conformance/runner/play.h"
#include "conformance/runner/suite.h"

namespace mq::conformance {
namespace {

using Wire = std::vector<std::byte>;
using Make = std::function<Meddling()>;

struct Fault {
  std::string name;
  std::string breaks;  // statements, with blanks
  Make make;           // anew for each run: it may remember what it saw
};

Kind kind_of(std::span<const std::byte> wire) {
  return static_cast<Kind>(static_cast<unsigned>(wire[0]) >> 4);
}

Wire wire_of(std::span<const std::byte> wire) { return {wire.begin(), wire.end()}; }

// What a fault does to a packet of the client: changes it, or drops it by giving false.
using Change = std::function<bool(Packet&, unsigned number)>;

// Of this kind alone, decoded and encoded again. `number` counts such packets from 1.
Make packets(Kind kind, const Change& change) {
  return [=] {
    auto version = std::make_shared<Version>(Version::v5);
    auto number = std::make_shared<unsigned>(0);
    Meddling meddling;
    meddling.sends = [=](std::span<const std::byte> wire) {
      Decoded decoded = decode(wire, *version, Sender::client);
      auto* packet = std::get_if<Packet>(&decoded);
      if (packet == nullptr) return wire_of(wire);
      if (const auto* connect = std::get_if<Connect>(packet)) *version = connect->version;
      if (mq::kind(*packet) != kind) return wire_of(wire);
      Wire out;
      if (change(*packet, ++*number)) encode(*packet, *version, out);
      return out;
    };
    return meddling;
  };
}

Make drops(Kind kind) {
  return packets(kind, [](Packet&, unsigned) { return false; });
}

// The bytes of such a packet.
Make bytes(Kind kind, const std::function<void(Wire&)>& change) {
  return [=] {
    Meddling meddling;
    meddling.sends = [=](std::span<const std::byte> wire) {
      Wire out = wire_of(wire);
      if (kind_of(wire) == kind) change(out);
      return out;
    };
    return meddling;
  };
}

Make first_byte(Kind kind, unsigned value) {
  return bytes(kind, [=](Wire& wire) { wire[0] = std::byte(value); });
}

std::size_t flags_at(const Wire& wire) {
  std::size_t at = 1;
  while ((wire[at] & std::byte{0x80}) != std::byte{0}) ++at;
  return at + 8;
}
Make connect_flags(unsigned set, unsigned cleared, unsigned if_set, unsigned if_not) {
  return bytes(Kind::connect, [=](Wire& wire) {
    std::byte& flags = wire[flags_at(wire)];
    const auto old = static_cast<unsigned>(flags);
    if ((old & if_set) == if_set && (old & if_not) == 0) flags = std::byte((old | set) & ~cleared);
  });
}

// The second of two such packets leaves before the first.
Make exchanges(Kind kind) {
  return [=] {
    auto held = std::make_shared<Wire>();
    Meddling meddling;
    meddling.sends = [=](std::span<const std::byte> wire) {
      Wire out = wire_of(wire);
      if (kind_of(wire) != kind) return out;
      if (held->empty()) {
        *held = out;
        return Wire{};
      }
      out.insert(out.end(), held->begin(), held->end());
      held->clear();
      return out;
    };
    return meddling;
  };
}

template <class P>
Make with_property(PropertyId id, const PropertyValue& value) {
  const Kind kind = mq::kind(Packet(P{}));
  return packets(kind, [=](Packet& packet, unsigned) {
    std::get<P>(packet).properties.add(id, value);
    return true;
  });
}

// What it hears: packets of this kind, changed or dropped.
Make hears(Kind kind, const std::function<bool(Packet&)>& change) {
  return [=] {
    auto reader = std::make_shared<PacketReader>(Sender::server, Version::v5);
    Meddling meddling;
    meddling.hears = [=](std::span<const std::byte> wire) {
      reader->feed(wire);
      Wire out;
      for (;;) {
        Decoded decoded = reader->next();
        auto* packet = std::get_if<Packet>(&decoded);
        if (packet == nullptr) return out;
        if (mq::kind(*packet) == kind && !change(*packet)) continue;
        encode(*packet, Version::v5, out);
      }
    };
    return meddling;
  };
}

Make flag(bool Meddling::*which) {
  return [=] {
    Meddling meddling;
    meddling.*which = true;
    return meddling;
  };
}

Make tells(const std::function<void(std::string&, Order::Fields&, int&)>& change) {
  return [=] {
    Meddling meddling;
    meddling.tells = change;
    return meddling;
  };
}

template <class P>
Change reason(ReasonCode code) {
  return [=](Packet& packet, unsigned) {
    std::get<P>(packet).reason = code;
    return true;
  };
}

template <class P>
Change id(unsigned offset) {
  return [=](Packet& packet, unsigned) {
    auto& one = std::get<P>(packet);
    if (one.packet_id != PacketId::none)
      one.packet_id = PacketId(static_cast<std::uint16_t>(
          offset == 0 ? 1 : static_cast<unsigned>(one.packet_id) % 65535 + offset));
    return true;
  };
}

Change publish(const std::function<bool(Publish&)>& change) {
  return [=](Packet& packet, unsigned) { return change(std::get<Publish>(packet)); };
}
Change connect(const std::function<void(Connect&, unsigned)>& change) {
  return [=](Packet& packet, unsigned number) {
    change(std::get<Connect>(packet), number);
    return true;
  };
}

const std::string long_text(200, 'x');

std::vector<Fault> of_connect() {
  return {
      {"another protocol name", "v5/MQTT-3.1.2-1 v3.1.1/MQTT-3.1.2-1",
       bytes(Kind::connect, [](Wire& wire) { wire[flags_at(wire) - 2] = std::byte{'t'}; })},
      {"something before CONNECT", "v5/MQTT-3.1.0-1 v3.1.1/MQTT-3.1.0-1",
       bytes(Kind::connect,
             [](Wire& wire) {
               wire.insert(wire.begin(), {std::byte{0xc0}, std::byte{0}});
             })},
      {"no CONNECT", "v5/MQTT-4.2-1 v3.1.1/MQTT-7.1.2-1", drops(Kind::connect)},
      {"a will's QoS of 3", "v5/MQTT-3.1.2-12 v3.1.1/MQTT-3.1.2-14",
       connect_flags(0x18, 0, 0x04, 0)},
      {"a will's QoS without a will", "v5/MQTT-3.1.2-11 v3.1.1/MQTT-3.1.2-11 v3.1.1/MQTT-3.1.2-13",
       connect_flags(0x08, 0, 0, 0x04)},
      {"a will's retain without a will", "v5/MQTT-3.1.2-13 v3.1.1/MQTT-3.1.2-15",
       connect_flags(0x20, 0, 0, 0x04)},
      {"a will that is not in the payload", "v5/MQTT-3.1.2-9 v3.1.1/MQTT-3.1.2-9",
       bytes(Kind::connect, [](Wire& wire) { wire[flags_at(wire)] &= ~std::byte{0x3c}; })},
      {"a user name flag alone", "v5/MQTT-3.1.2-17 v3.1.1/MQTT-3.1.2-19",
       connect_flags(0x80, 0, 0, 0x80)},
      {"a user name without its flag", "v5/MQTT-3.1.2-16 v3.1.1/MQTT-3.1.2-18",
       connect_flags(0x80, 0, 0, 0)},
      {"a password flag alone", "v5/MQTT-3.1.2-19 v3.1.1/MQTT-3.1.2-21 v3.1.1/MQTT-3.1.2-22",
       connect_flags(0x40, 0, 0, 0x40)},
      {"a password without its flag", "v5/MQTT-3.1.2-18 v3.1.1/MQTT-3.1.2-20",
       connect_flags(0x40, 0, 0, 0)},
      {"a client id that is no UTF-8", "v5/MQTT-3.1.3-4 v5/MQTT-3.1.3-3 v3.1.1/MQTT-3.1.3-4",
       packets(Kind::connect, connect([](Connect& one, unsigned) { one.client_id = "\xff"; }))},
      {"a will topic that is no UTF-8", "v5/MQTT-3.1.3-11 v3.1.1/MQTT-3.1.3-10",
       packets(Kind::connect, connect([](Connect& one, unsigned) {
                 if (one.will) one.will->topic = "\xff";
               }))},
      {"a user name that is no UTF-8", "v5/MQTT-3.1.3-12 v3.1.1/MQTT-3.1.3-11",
       packets(Kind::connect, connect([](Connect& one, unsigned) {
                 if (one.user_name) one.user_name = "\xff";
               }))},
      {"user name and will topic exchanged", "v5/MQTT-3.1.3-1 v3.1.1/MQTT-3.1.3-1",
       packets(Kind::connect, connect([](Connect& one, unsigned) {
                 if (one.will && one.user_name) std::swap(one.will->topic, *one.user_name);
               }))},
      {"another client id the second time", "v5/MQTT-3.1.3-2 v3.1.1/MQTT-3.1.3-2",
       packets(Kind::connect, connect([](Connect& one, unsigned n) {
                 if (n > 1) one.client_id += "x";
               }))},
      {"a session wanted without a client id", "v3.1.1/MQTT-3.1.3-7",
       packets(Kind::connect, connect([](Connect& one, unsigned) { one.clean_start = false; }))},
      {"properties cut off", "v5/MQTT-2.2.2-1",
       bytes(Kind::connect,
             [](Wire& wire) {
               wire.pop_back(), wire[1] = std::byte(static_cast<unsigned>(wire[1]) - 1);
             })},
      {"no pings", "v5/MQTT-3.1.2-20 v5/MQTT-3.1.2-21 v5/MQTT-3.2.2-21 v3.1.1/MQTT-3.1.2-23",
       drops(Kind::ping_req)},
  };
}

std::vector<Fault> of_flags() {
  return {
      {"SUBSCRIBE of 0x80", "v5/MQTT-3.8.1-1 v3.1.1/MQTT-3.8.1-1 v5/MQTT-2.1.3-1",
       first_byte(Kind::subscribe, 0x80)},
      {"UNSUBSCRIBE of 0xa0", "v5/MQTT-3.10.1-1 v3.1.1/MQTT-3.10.1-1",
       first_byte(Kind::unsubscribe, 0xa0)},
      {"PUBREL of 0x60", "v5/MQTT-3.6.1-1 v3.1.1/MQTT-3.6.1-1", first_byte(Kind::pub_rel, 0x60)},
      {"PUBACK of 0x41", "v5/MQTT-2.1.3-1 v3.1.1/MQTT-2.2.2-1", first_byte(Kind::pub_ack, 0x41)},
      {"QoS 3", "v5/MQTT-3.3.1-4 v3.1.1/MQTT-3.3.1-4",
       bytes(Kind::publish, [](Wire& wire) { wire[0] |= std::byte{6}; })},
      {"DUP with QoS 0", "v5/MQTT-3.3.1-2 v5/MQTT-4.3.1-1 v3.1.1/MQTT-3.3.1-2 v3.1.1/MQTT-4.3.1-1",
       bytes(Kind::publish, [](Wire& wire) { wire[0] |= std::byte{8}; })},
      {"always DUP",
       "v5/MQTT-4.3.2-2 v5/MQTT-4.3.3-2 v5/MQTT-3.3.1-3 v5/MQTT-3.1.2-4 v3.1.1/MQTT-4.3.2-1 "
       "v3.1.1/MQTT-4.3.3-1 v3.1.1/MQTT-3.3.1-3 v3.1.1/MQTT-3.1.2-6",
       packets(Kind::publish, publish([](Publish& one) { return one.dup = true; }))},
      {"never DUP", "v5/MQTT-3.3.1-1 v3.1.1/MQTT-3.3.1-1",
       packets(Kind::publish, publish([](Publish& one) { return one.dup = false, true; }))},
      {"a packet id with QoS 0", "v5/MQTT-2.2.1-2 v3.1.1/MQTT-2.3.1-5",
       packets(Kind::publish, publish([](Publish& one) {
                 if (one.qos == Qos::at_most_once)
                   one.payload = Bytes::copy("12" + std::string(one.payload.text()));
                 return true;
               }))},
  };
}

std::vector<Fault> of_publishing() {
  return {
      {"one packet id for all",
       "v5/MQTT-2.2.1-3 v5/MQTT-4.3.2-1 v5/MQTT-4.3.3-1 v3.1.1/MQTT-2.3.1-2",
       packets(Kind::publish, id<Publish>(0))},
      {"one packet id for all subscriptions", "v5/MQTT-2.2.1-3 v3.1.1/MQTT-2.3.1-2",
       packets(Kind::subscribe, id<Subscribe>(0))},
      {"packet id 0", "v3.1.1/MQTT-2.3.1-1 v5/MQTT-2.2.1-3",
       packets(Kind::subscribe,
               [](Packet& packet, unsigned) {
                 std::get<Subscribe>(packet).packet_id = PacketId::none;
                 return true;
               })},
      {"a topic that is no UTF-8", "v5/MQTT-3.3.2-1 v3.1.1/MQTT-3.3.2-1",
       packets(Kind::publish, publish([](Publish& one) { return one.topic = "\xff", true; }))},
      {"a response topic that is none", "v5/MQTT-3.3.2-13 v5/MQTT-3.3.2-14",
       with_property<Publish>(PropertyId::response_topic, std::string("a/+"))},
      {"a content type that is no UTF-8", "v5/MQTT-3.3.2-19",
       with_property<Publish>(PropertyId::content_type, std::string("\xff"))},
      {"a subscription identifier", "v5/MQTT-3.3.4-6",
       with_property<Publish>(PropertyId::subscription_identifier, 1u)},
      {"nothing again",
       "v5/MQTT-4.4.0-1 v5/MQTT-4.3.2-3 v5/MQTT-4.3.3-3 v5/MQTT-3.1.2-23 v5/MQTT-4.6.0-1 "
       "v3.1.1/MQTT-4.4.0-1 v3.1.1/MQTT-4.6.0-1 v3.1.1/MQTT-2.3.1-3 v3.1.1/MQTT-4.1.0-1",
       packets(Kind::publish, publish([](Publish& one) { return !one.dup; }))},
      {"no PUBREL", "v5/MQTT-4.3.3-4 v3.1.1/MQTT-4.3.3-1", drops(Kind::pub_rel)},
      {"PUBREL once", "v5/MQTT-4.3.3-5",
       packets(Kind::pub_rel, [](Packet&, unsigned number) { return number == 1; })},
      {"PUBREL of another packet id", "v5/MQTT-2.2.1-5 v3.1.1/MQTT-2.3.1-6",
       packets(Kind::pub_rel, id<PubRel>(1))},
      {"PUBREL with a strange reason", "v5/MQTT-3.6.2-1",
       packets(Kind::pub_rel, reason<PubRel>(ReasonCode::quota_exceeded))},
      {"PUBREL in another order", "v5/MQTT-4.6.0-4 v3.1.1/MQTT-4.6.0-4", exchanges(Kind::pub_rel)},
      {"messages in another order", "v5/MQTT-4.6.0-1 v3.1.1/MQTT-4.6.0-1",
       exchanges(Kind::publish)},
      {"no PUBREC heard", "v5/MQTT-4.1.0-1 v5/MQTT-4.3.3-6 v5/MQTT-4.3.3-7",
       hears(Kind::pub_rec, [](Packet&) { return false; })},
      {"no refusal heard", "v5/MQTT-4.4.0-2",
       hears(Kind::pub_ack,
             [](Packet& one) { return std::get<PubAck>(one).reason == ReasonCode::success; })},
      {"sends whatever it is told to",
       "v5/MQTT-3.3.2-2 v5/MQTT-4.7.0-1 v5/MQTT-4.7.1-1 v5/MQTT-4.7.1-2 v5/MQTT-4.7.3-1 "
       "v5/MQTT-4.7.3-2 v5/MQTT-4.8.2-1 v5/MQTT-4.8.2-2 v5/MQTT-3.8.3-1 v5/MQTT-3.8.3-2 "
       "v5/MQTT-3.8.3-4 v5/MQTT-3.10.3-1 v5/MQTT-3.10.3-2 v5/MQTT-3.3.2-8 v5/MQTT-3.3.2-14 "
       "v5/MQTT-3.3.4-6 v5/MQTT-3.2.2-14 v5/MQTT-3.2.2-11 v5/MQTT-3.3.4-7 v3.1.1/MQTT-3.3.2-2 "
       "v3.1.1/MQTT-4.7.1-1 v3.1.1/MQTT-4.7.1-2 v3.1.1/MQTT-4.7.1-3 v3.1.1/MQTT-4.7.3-1 "
       "v3.1.1/MQTT-4.7.3-2 v3.1.1/MQTT-3.8.3-1 v3.1.1/MQTT-3.8.3-3 v3.1.1/MQTT-3.10.3-1 "
       "v3.1.1/MQTT-3.10.3-2",
       flag(&Meddling::sends_whatever)},
  };
}

std::vector<Fault> of_receiving() {
  return {
      {"no PUBACK",
       "v5/MQTT-4.3.2-4 v5/MQTT-3.3.4-1 v5/MQTT-4.5.0-2 v5/MQTT-4.9.0-3 v3.1.1/MQTT-4.3.2-2 "
       "v3.1.1/MQTT-3.3.4-1 v3.1.1/MQTT-4.5.0-2",
       drops(Kind::pub_ack)},
      {"PUBACK of another packet id", "v5/MQTT-2.2.1-5 v3.1.1/MQTT-2.3.1-6",
       packets(Kind::pub_ack, id<PubAck>(1))},
      {"no PUBREC", "v5/MQTT-4.3.3-8 v5/MQTT-4.3.3-9 v3.1.1/MQTT-4.3.3-2", drops(Kind::pub_rec)},
      {"no PUBCOMP",
       "v5/MQTT-4.3.3-11 v5/MQTT-4.3.3-12 v5/MQTT-4.3.3-13 v3.1.1/MQTT-4.3.3-2 v3.1.1/MQTT-4.1.0-2",
       drops(Kind::pub_comp)},
      {"PUBACKs in another order", "v5/MQTT-4.6.0-2 v3.1.1/MQTT-4.6.0-2", exchanges(Kind::pub_ack)},
      {"PUBRECs in another order", "v5/MQTT-4.6.0-3 v3.1.1/MQTT-4.6.0-3", exchanges(Kind::pub_rec)},
      {"PUBACK with a strange reason", "v5/MQTT-3.4.2-1",
       packets(Kind::pub_ack, reason<PubAck>(ReasonCode::banned))},
      {"PUBREC with a strange reason", "v5/MQTT-3.5.2-1",
       packets(Kind::pub_rec, reason<PubRec>(ReasonCode::banned))},
      {"PUBCOMP with a strange reason", "v5/MQTT-3.7.2-1",
       packets(Kind::pub_comp, reason<PubComp>(ReasonCode::banned))},
      {"tells twice", "v5/MQTT-4.3.3-10 v3.1.1/MQTT-4.3.3-2",
       tells([](std::string& word, Order::Fields&, int& times) {
         if (word == "message") times = 2;
       })},
      {"takes a new message for an old one",
       "v5/MQTT-4.3.2-5 v5/MQTT-4.3.3-12 v5/MQTT-3.3.2-10 v3.1.1/MQTT-4.3.2-2",
       tells([](std::string&, Order::Fields& fields, int& times) {
         for (const auto& [name, value] : fields)
           if (name == "payload" && value == "two") times = 0;
       })},
      {"drops the byte order mark", "v5/MQTT-1.5.4-3 v3.1.1/MQTT-1.5.3-3",
       tells([](std::string&, Order::Fields& fields, int&) {
         for (auto& [name, value] : fields)
           if (const auto at = value.find("\xEF\xBB\xBF"); at != std::string::npos)
             value.erase(at, 3);
       })},
      {"never closes",
       "v5/MQTT-3.2.2-4 v5/MQTT-4.12.1-2 v5/MQTT-3.14.1-1 v5/MQTT-3.15.1-1 v5/MQTT-1.5.4-1 "
       "v5/MQTT-1.5.4-2 v5/MQTT-1.5.5-1 v5/MQTT-1.5.7-1 v5/MQTT-3.3.2-7 v5/MQTT-3.3.2-8 "
       "v3.1.1/MQTT-4.8.0-1 v3.1.1/MQTT-2.2.2-2 v3.1.1/MQTT-1.5.3-1 v3.1.1/MQTT-1.5.3-2 "
       "v3.1.1/MQTT-3.3.1-4",
       flag(&Meddling::never_closes)},
      {"keeps the connection after DISCONNECT",
       "v5/MQTT-3.14.4-2 v5/MQTT-4.13.2-1 v3.1.1/MQTT-3.14.4-1", flag(&Meddling::keeps_open)},
      {"goes on after DISCONNECT", "v5/MQTT-3.14.4-1 v3.1.1/MQTT-3.14.4-2",
       bytes(Kind::disconnect,
             [](Wire& wire) {
               wire.insert(wire.end(), {std::byte{0xc0}, std::byte{0}});
             })},
      {"a broker's reason in DISCONNECT", "v5/MQTT-3.14.2-1",
       packets(Kind::disconnect, reason<Disconnect>(ReasonCode::session_taken_over))},
  };
}

std::vector<Fault> of_terms() {
  const auto changed = [](const std::function<void(ConnAck&)>& change) {
    return hears(Kind::conn_ack, [=](Packet& one) { return change(std::get<ConnAck>(one)), true; });
  };
  return {
      {"CONNACK's properties are not read",
       "v5/MQTT-3.2.2-11 v5/MQTT-3.2.2-14 v5/MQTT-3.2.2-15 v5/MQTT-3.3.4-7 v5/MQTT-4.9.0-1 "
       "v5/MQTT-4.9.0-2 v5/MQTT-3.1.2-21 v5/MQTT-3.2.2-21",
       changed([](ConnAck& one) { one.properties = {}; })},
      {"uses more aliases than it may", "v5/MQTT-3.2.2-17 v5/MQTT-3.2.2-18 v5/MQTT-3.3.2-9",
       changed([](ConnAck& one) {
         one.properties = {};
         one.properties.add(PropertyId::topic_alias_maximum, 100u);
       })},
      {"resumes what is lost", "v5/MQTT-3.2.2-5",
       changed([seen = std::make_shared<int>(0)](ConnAck& one) { one.session_present = true; })},
      {"sends no SUBSCRIBE without quota", "v5/MQTT-3.3.4-8 v5/MQTT-4.9.0-3",
       drops(Kind::subscribe)},
      {"publishes before CONNACK", "v5/MQTT-3.1.2-30",
       bytes(Kind::connect,
             [](Wire& wire) {
               for (const int byte : {0x30, 0x04, 0x00, 0x01, 0x61, 0x00})
                 wire.push_back(std::byte(byte));
             })},
      {"authenticates unasked", "v5/MQTT-4.12.0-7",
       bytes(Kind::connect,
             [](Wire& wire) {
               for (const int byte : {0xf0, 0x06, 0x18, 0x04, 0x15, 0x00, 0x01, 0x6d})
                 wire.push_back(std::byte(byte));
             })},
      {"AUTH with another reason", "v5/MQTT-4.12.0-3 v5/MQTT-3.15.2-1",
       packets(Kind::auth, reason<Auth>(ReasonCode::re_authenticate))},
      {"AUTH of another method", "v5/MQTT-4.12.0-5 v5/MQTT-4.12.1-1",
       packets(Kind::auth,
               [](Packet& packet, unsigned) {
                 auto& auth = std::get<Auth>(packet);
                 auth.properties = {};
                 auth.properties.add(PropertyId::authentication_method, std::string("other"));
                 return true;
               })},
  };
}

Make web_socket(WebSocketFault fault) {
  return [fault] {
    Meddling meddling;
    meddling.web_socket = bent(fault);
    return meddling;
  };
}

std::vector<Fault> of_web_socket() {
  return {
      {"sends text frames", "v5/MQTT-6.0.0-1 v3.1.1/MQTT-6.0.0-1",
       web_socket(WebSocketFault::sends_text)},
      {"takes text frames", "v5/MQTT-6.0.0-1 v3.1.1/MQTT-6.0.0-1",
       web_socket(WebSocketFault::takes_text)},
      {"takes a frame for a packet", "v5/MQTT-6.0.0-2 v3.1.1/MQTT-6.0.0-2",
       web_socket(WebSocketFault::reads_frame_by_frame)},
      {"asks for another subprotocol", "v5/MQTT-6.0.0-3 v3.1.1/MQTT-6.0.0-3",
       web_socket(WebSocketFault::names_another_subprotocol)},
  };
}

template <class P>
void add_long(std::vector<Fault>& all, const std::string& name, const std::string& section,
              int first) {
  all.push_back({name + " with a reason string that is too long",
                 "v5/MQTT-" + section + "-" + std::to_string(first),
                 with_property<P>(PropertyId::reason_string, long_text)});
  all.push_back({name + " with a user property that is too long",
                 "v5/MQTT-" + section + "-" + std::to_string(first + 1),
                 with_property<P>(PropertyId::user_property, UserProperty{"k", long_text})});
}

std::vector<Fault> all_faults() {
  std::vector<Fault> all;
  for (const auto& some :
       {of_connect(), of_flags(), of_publishing(), of_receiving(), of_terms(), of_web_socket()})
    all.insert(all.end(), some.begin(), some.end());
  add_long<PubAck>(all, "PUBACK", "3.4.2", 2);
  add_long<PubRec>(all, "PUBREC", "3.5.2", 2);
  add_long<PubRel>(all, "PUBREL", "3.6.2", 2);
  add_long<PubComp>(all, "PUBCOMP", "3.7.2", 2);
  add_long<Disconnect>(all, "DISCONNECT", "3.14.2", 3);
  add_long<Auth>(all, "AUTH", "3.15.2", 2);
  return all;
}

// Whether a case that names the statement says that something is wrong.
bool is_seen(const Fault& fault, const StatementId& id, const Library& library) {
  for (const Case* one : selected(library, {.role = Role::client})) {
    if (std::find(one->asserts.begin(), one->asserts.end(), id) == one->asserts.end()) continue;
    const Meddling meddling = fault.make();
    const Verdict verdict = play_against_our_client(*one, 1, meddling).verdict;
    if (verdict == Verdict::fail || verdict == Verdict::non_strict) return true;
  }
  return false;
}

TEST(ClientFaults, EachIsSeenByACaseThatNamesWhatItBreaks) {
  const Library library = embedded_library();
  std::set<std::string> broken;
  for (const Fault& fault : all_faults()) {
    std::istringstream words(fault.breaks);
    for (std::string word; words >> word;) {
      EXPECT_TRUE(is_seen(fault, *statement_named(word), library)) << fault.name << ": " << word;
      broken.insert(word);
    }
  }
  std::size_t checkable = 0;
  std::string unbroken;
  for (const Statement& statement : library.statements) {
    if (statement.client == "none" || !statement.no_case.empty()) continue;
    ++checkable;
    if (!broken.contains(to_text(statement.id))) unbroken += " " + to_text(statement.id);
  }
  std::cout << broken.size() << " of " << checkable << " statements are broken; not:" << unbroken
            << "\n";
  EXPECT_GE(broken.size() * 100, checkable * 95);
}

}  // namespace
}  // namespace mq::conformance
