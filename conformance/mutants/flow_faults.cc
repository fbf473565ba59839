// 4.9 and the sizes of packets: how much a peer takes.
#include <map>
#include <memory>
#include <set>

#include "conformance/mutants/bend.h"
#include "conformance/mutants/fault.h"

namespace mq::conformance {
namespace {

using Id = PropertyId;

Behaviour forgets(PropertyId id) {
  return hears<Connect>(
      [id](Connect& connect, Passing&) { connect.properties = without(connect.properties, id); });
}

// What a client sends beyond our receive maximum is passed over.
Behaviour takes_more_than_it_said() {
  auto open = std::make_shared<std::set<std::pair<sim::BackendLink, PacketId>>>();
  Behaviour all = hears<Publish>([open](Publish& publish, Passing& passing) {
    if (publish.qos == Qos::at_most_once) return;
    const auto most = passing.peer.conn_ack->properties.number(Id::receive_maximum).value_or(65535);
    if (open->size() >= most) return passing.drop();
    open->insert({passing.peer.link, publish.packet_id});
  });
  const auto ends = [open](PacketId id, Passing& passing) { open->erase({passing.peer.link, id}); };
  all.sent = both(sends<PubAck>([ends](PubAck& a, Passing& p) { ends(a.packet_id, p); }),
                  sends<PubComp>([ends](PubComp& c, Passing& p) { ends(c.packet_id, p); }))
                 .sent;
  return all;
}

// With as many deliveries open as the client takes, nothing else comes either.
Behaviour stands_still() {
  auto open = std::make_shared<std::set<std::pair<sim::BackendLink, PacketId>>>();
  Behaviour all = {.sent = [open](Passing& passing) {
    const auto most = passing.peer.connect->properties.number(Id::receive_maximum).value_or(65535);
    if (const auto* publish = passing.as<Publish>()) {
      if (publish->qos != Qos::at_most_once) open->insert({passing.peer.link, publish->packet_id});
    } else if (open->size() >= most) {
      passing.drop();
    }
  }};
  const auto ends = [open](PacketId id, Passing& passing) { open->erase({passing.peer.link, id}); };
  all.heard = both(hears<PubAck>([ends](PubAck& a, Passing& p) { ends(a.packet_id, p); }),
                   hears<PubComp>([ends](PubComp& c, Passing& p) { ends(c.packet_id, p); }))
                  .heard;
  return all;
}

// PUBREC ends the exchange, and lets the next message out.
Behaviour takes_pubrec_for_the_end() {
  return hears<PubRec>([](PubRec& received, Passing& passing) {
    if (!failed(received.reason)) passing.follow(Packet(PubComp{.packet_id = received.packet_id}));
  });
}

// A message that does not fit ends the connection instead of being left out.
Behaviour closes_where_it_does_not_fit() {
  Behaviour all = forgets(Id::maximum_packet_size);
  all.sent = each<Publish>([](Publish&, Passing& passing) {
    const auto most = passing.peer.connect->properties.number(Id::maximum_packet_size);
    if (!most || passing.wire.size() <= *most) return;
    passing.drop();
    passing.close();
  });
  return all;
}

}  // namespace

Faults flow_faults() {
  return {
      {"sends more at a time than the client takes",
       "v5/MQTT-3.3.4-9 v5/MQTT-4.9.0-1 v5/MQTT-4.9.0-2", forgets(Id::receive_maximum)},
      {"takes more at a time than it said", "v5/MQTT-3.3.4-7", takes_more_than_it_said()},
      {"sends nothing while the client takes no messages", "v5/MQTT-3.3.4-10 v5/MQTT-4.9.0-3",
       stands_still()},
      {"never counts a QoS 1 message as done", "v5/MQTT-4.9.0-2 v5/MQTT-3.3.4-9",
       never_hears<PubAck>()},
      {"never counts a QoS 2 message as done", "v5/MQTT-4.9.0-2 v5/MQTT-3.3.4-9",
       never_hears<PubComp>()},
      {"counts a QoS 2 message as done when PUBREC comes",
       "v5/MQTT-4.9.0-2 v5/MQTT-3.3.4-9 v5/MQTT-4.3.3-5", takes_pubrec_for_the_end()},
      {"sends larger packets than the client takes", "v5/MQTT-3.1.2-24 v5/MQTT-3.1.2-25",
       forgets(Id::maximum_packet_size)},
      {"closes where a message is larger than the client takes", "v5/MQTT-3.1.2-25",
       closes_where_it_does_not_fit()},
  };
}

}  // namespace mq::conformance
