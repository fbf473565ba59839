// 4.3 to 4.6: what is acknowledged, repeated, kept in order.
#include <map>
#include <memory>
#include <set>

#include "conformance/mutants/bend.h"
#include "conformance/mutants/fault.h"

namespace mq::conformance {
namespace {

using namespace std::chrono_literals;

// An exchange outlives its connection: it belongs to a client.
using Exchange = std::pair<std::string, PacketId>;
template <class P>
Exchange exchange_of(const P& packet, const Passing& passing) {
  return {passing.peer.connect ? passing.peer.connect->client_id : "", packet.packet_id};
}

Behaviour sends_again(void (*edit)(Publish&, Passing&), Qos qos) {
  return sends<Publish>([edit, qos](Publish& publish, Passing& passing) {
    if (publish.dup && publish.qos == qos) edit(publish, passing);
  });
}

void not_at_all(Publish&, Passing& passing) { passing.drop(); }
void under_another_id(Publish& publish, Passing&) {
  publish.packet_id = static_cast<PacketId>(static_cast<unsigned>(publish.packet_id) + 1000);
}

Behaviour sends_pubrel_once() {
  return sends<PubRel>([sent = std::set<Exchange>()](PubRel& release, Passing& passing) mutable {
    if (!sent.insert(exchange_of(release, passing)).second) passing.drop();
  });
}

// Where PUBREL is to be repeated, PUBLISH is.
Behaviour falls_back_to_publish() {
  auto open = std::make_shared<std::map<Exchange, Publish>>();
  auto released = std::make_shared<std::set<Exchange>>();
  return both(sends<Publish>([open](Publish& publish, Passing& passing) {
                (*open)[exchange_of(publish, passing)] = publish;
              }),
              sends<PubRel>([open, released](PubRel& release, Passing& passing) {
                const Exchange which = exchange_of(release, passing);
                if (released->insert(which).second) return;
                Publish again = (*open)[which];
                again.dup = true;
                passing.replace(Packet(again));
              }));
}

Faults repetition() {
  const Qos one = Qos::at_least_once;
  const Qos two = Qos::exactly_once;
  return {
      {"sends QoS 1 messages once only",
       "v5/MQTT-4.3.2-3 v5/MQTT-4.4.0-1 v3.1.1/MQTT-4.3.2-1 v3.1.1/MQTT-4.4.0-1",
       sends_again(not_at_all, one)},
      {"sends QoS 2 messages once only",
       "v5/MQTT-4.3.3-3 v5/MQTT-4.4.0-1 v3.1.1/MQTT-4.3.3-1 v3.1.1/MQTT-4.4.0-1",
       sends_again(not_at_all, two)},
      {"sends PUBREL once only",
       "v5/MQTT-4.3.3-5 v5/MQTT-4.4.0-1 v3.1.1/MQTT-4.3.3-1 v3.1.1/MQTT-4.4.0-1",
       sends_pubrel_once()},
      {"sends again under another identifier", "v5/MQTT-4.4.0-1 v3.1.1/MQTT-4.4.0-1",
       both(sends_again(under_another_id, one), sends_again(under_another_id, two))},
      {"sends again while the connection is open", "v5/MQTT-4.4.0-1",
       sends<Publish>([](Publish& publish, Passing& passing) {
         if (publish.qos == Qos::at_most_once || publish.dup) return;
         Publish again = publish;
         again.dup = true;
         passing.backstage.send_later(passing.peer, Packet(again), 2s);
       })},
      {"falls back from PUBREL to PUBLISH", "v5/MQTT-4.3.3-6 v3.1.1/MQTT-4.3.3-1",
       falls_back_to_publish()},
      {"discards QoS 2 messages under way when they expire", "v5/MQTT-4.3.3-7",
       sends_again(
           [](Publish& publish, Passing& passing) {
             if (has(publish.properties, PropertyId::message_expiry_interval)) passing.drop();
           },
           two)},
      {"sends again what was refused",
       "v5/MQTT-4.4.0-2",
       {.heard =
            [](Passing& passing) {
              if (const auto* ack = passing.as<PubAck>(); ack != nullptr && failed(ack->reason))
                passing.drop();
              if (const auto* received = passing.as<PubRec>();
                  received != nullptr && failed(received->reason))
                passing.drop();
            }}},
      {"sends again what was acknowledged",
       "v5/MQTT-4.3.2-3 v5/MQTT-4.4.0-1 v3.1.1/MQTT-4.3.2-1 v3.1.1/MQTT-4.4.0-1",
       never_hears<PubAck>()},
  };
}

// A PUBLISH under an identifier that was used before is taken for the one before.
Behaviour takes_for_the_same(Qos qos, bool with_dup_only) {
  return hears<Publish>([qos, with_dup_only, seen = std::set<Exchange>()](
                            Publish& publish, Passing& passing) mutable {
    if (publish.qos != qos || seen.insert(exchange_of(publish, passing)).second) return;
    if (with_dup_only && !publish.dup) return;
    passing.drop();
    if (qos == Qos::at_least_once)
      passing.answer(Packet(PubAck{.packet_id = publish.packet_id}));
    else
      passing.answer(Packet(PubRec{.packet_id = publish.packet_id}));
  });
}

// What the receiver does with the second of two PUBLISH packets of one QoS 2 exchange.
Behaviour hears_repetition(void (*act)(Publish&, Passing&)) {
  auto open = std::make_shared<std::set<Exchange>>();
  return both(hears<Publish>([open, act](Publish& publish, Passing& passing) {
                if (publish.qos != Qos::exactly_once) return;
                if (!open->insert(exchange_of(publish, passing)).second) act(publish, passing);
              }),
              hears<PubRel>([open](PubRel& release, Passing& passing) {
                open->erase(exchange_of(release, passing));
              }));
}

Behaviour remembers_refused_ids() {
  auto refused = std::make_shared<std::set<Exchange>>();
  Behaviour all = sends<PubRec>([refused](PubRec& received, Passing& passing) {
    if (failed(received.reason)) refused->insert(exchange_of(received, passing));
  });
  all.heard = each<Publish>([refused](Publish& publish, Passing& passing) {
    if (publish.qos != Qos::exactly_once || !refused->contains(exchange_of(publish, passing)))
      return;
    passing.drop();
    passing.answer(Packet(PubRec{.packet_id = publish.packet_id}));
  });
  return all;
}

// The end of an exchange whose message has expired meanwhile.
Behaviour forgets_expired_exchanges() {
  auto until = std::make_shared<std::map<Exchange, Instant>>();
  return both(hears<Publish>([until](Publish& publish, Passing& passing) {
                const auto expiry = publish.properties.number(PropertyId::message_expiry_interval);
                if (expiry)
                  (*until)[exchange_of(publish, passing)] =
                      passing.backstage.now() + std::chrono::seconds(*expiry);
              }),
              hears<PubRel>([until](PubRel& release, Passing& passing) {
                const auto at = until->find(exchange_of(release, passing));
                if (at != until->end() && at->second < passing.backstage.now()) passing.drop();
              }));
}

Faults reception() {
  const auto again = [](Publish& publish, Passing& passing) { passing.backstage.publish(publish); };
  const auto silent = [](Publish&, Passing& passing) { passing.drop(); };
  return {
      {"takes a QoS 1 message under a used identifier for a repetition",
       "v5/MQTT-4.3.2-5 v3.1.1/MQTT-4.3.2-2", takes_for_the_same(Qos::at_least_once, false)},
      {"takes a QoS 1 message with DUP under a used identifier for a repetition",
       "v5/MQTT-4.3.2-5 v3.1.1/MQTT-4.3.2-2", takes_for_the_same(Qos::at_least_once, true)},
      {"takes a QoS 2 message under a used identifier for a repetition",
       "v5/MQTT-4.3.3-12 v3.1.1/MQTT-4.3.3-2", takes_for_the_same(Qos::exactly_once, false)},
      {"takes a QoS 2 message under a refused identifier for a repetition", "v5/MQTT-4.3.3-9",
       remembers_refused_ids()},
      {"passes a repeated QoS 2 message on again", "v5/MQTT-4.3.3-10 v3.1.1/MQTT-4.3.3-2",
       hears_repetition(again)},
      {"does not answer a repeated QoS 2 message", "v5/MQTT-4.3.3-10 v3.1.1/MQTT-4.3.3-2",
       hears_repetition(silent)},
      {"sends no PUBREL", "v5/MQTT-4.3.3-4 v3.1.1/MQTT-4.3.3-1", never_sends<PubRel>()},
      {"sends no PUBCOMP", "v5/MQTT-4.3.3-11 v3.1.1/MQTT-4.3.3-2", never_sends<PubComp>()},
      {"does not finish the exchange of an expired message", "v5/MQTT-4.3.3-13",
       forgets_expired_exchanges()},
  };
}

// Every other message comes late.
Behaviour lets_overtake() {
  return sends<Publish>([count = 0](Publish& publish, Passing& passing) mutable {
    if (count++ % 2 != 0) return;
    passing.drop();
    passing.backstage.send_later(passing.peer, Packet(publish), 20ms);
  });
}

Behaviour serves_one_receiver() {
  return sends<Publish>([served = std::map<std::pair<std::string, std::string>, std::string>()](
                            Publish& publish, Passing& passing) mutable {
    const std::string& who = passing.peer.connect->client_id;
    const auto [first, is_new] =
        served.try_emplace({publish.topic, std::string(publish.payload.text())}, who);
    if (!is_new && first->second != who) passing.drop();
  });
}

Behaviour loses_what_waited() {
  return sends<Publish>(
      [lost = std::set<sim::BackendLink>()](Publish& publish, Passing& passing) mutable {
        if (!passing.peer.conn_ack->session_present || publish.dup) return;
        if (lost.insert(passing.peer.link).second) passing.drop();
      });
}

Behaviour loses_every_third() {
  return sends<Publish>([count = 0](Publish&, Passing& passing) mutable {
    if (++count % 3 == 0) passing.drop();
  });
}

Behaviour loses_large_packets() {
  const Hook drop = [](Passing& passing) {
    if (passing.wire.size() > 3000) passing.drop();
  };
  return {.heard = drop, .sent = drop};
}

Faults journey() {
  return {
      {"lets messages overtake each other",
       "v5/MQTT-4.6.0-5 v5/MQTT-4.6.0-6 v3.1.1/MQTT-4.6.0-5 v3.1.1/MQTT-4.6.0-6", lets_overtake()},
      {"serves one of the subscribers of a topic", "v5/MQTT-4.5.0-1 v3.1.1/MQTT-4.5.0-1",
       serves_one_receiver()},
      {"loses the first message that waited for a client",
       "v5/MQTT-4.5.0-1 v3.1.1/MQTT-4.5.0-1 v3.1.1/MQTT-3.1.2-5 v3.1.1/MQTT-4.1.0-1",
       loses_what_waited()},
      {"loses every third message", "v5/MQTT-4.5.0-1 v3.1.1/MQTT-4.5.0-1", loses_every_third()},
      {"loses large packets", "v5/MQTT-4.2-1 v3.1.1/MQTT-7.1.1-1", loses_large_packets()},
  };
}

}  // namespace

Faults delivery_faults() {
  Faults all = repetition();
  for (const auto& more : {reception(), journey()}) all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace mq::conformance
