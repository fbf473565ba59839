// 4.1 and 4.8: how long sessions last, shared subscriptions; 3.12 to 3.15, 4.12, 4.13: how
// connections end, and who may have them.
#include <map>
#include <memory>
#include <set>

#include "conformance/mutants/bend.h"
#include "conformance/mutants/fault.h"

namespace mq::conformance {
namespace {

using namespace std::chrono_literals;
using Id = PropertyId;

std::string client_of(const Passing& passing) { return passing.peer.connect->client_id; }

// Under way to somebody who has not answered yet.
using Open = std::map<std::pair<std::string, PacketId>, Publish>;

Behaviour sends_open(const std::shared_ptr<Open>& open) {
  return sends<Publish>([open](Publish& publish, Passing& passing) {
    if (publish.qos != Qos::at_most_once)
      (*open)[{client_of(passing), publish.packet_id}] = publish;
  });
}

template <class P>
Hook offers_again(const std::shared_ptr<Open>& open) {
  return each<P>([open](P& ack, Passing& passing) {
    const auto at = open->find({client_of(passing), ack.packet_id});
    if (at != open->end() && failed(ack.reason)) passing.backstage.publish(at->second);
  });
}

Behaviour offers_refused_messages_again() {
  auto open = std::make_shared<Open>();
  Behaviour all = sends_open(open);
  all.heard =
      both({.heard = offers_again<PubAck>(open)}, {.heard = offers_again<PubRec>(open)}).heard;
  return all;
}

// A session that ends with messages under way leaves them to others.
Behaviour bequeaths() {
  auto open = std::make_shared<Open>();
  Behaviour all = sends_open(open);
  const auto leave = [open](Passing& passing) {
    for (const auto& [which, publish] : *open)
      if (which.first == client_of(passing) && publish.qos == Qos::exactly_once)
        passing.backstage.publish(publish);
    std::erase_if(*open, [&](const auto& one) { return one.first.first == client_of(passing); });
  };
  all.heard = both(hears<Connect>([leave](Connect& connect, Passing& passing) {
                     if (connect.clean_start) leave(passing);
                   }),
                   hears<Disconnect>([leave](Disconnect&, Passing& passing) {
                     const auto& properties = passing.peer.connect->properties;
                     if (properties.number(Id::session_expiry_interval).value_or(0) == 0)
                       leave(passing);
                   }))
                  .heard;
  return all;
}

}  // namespace

Faults shared_faults() {
  return {
      {"takes shared subscriptions that are none", "v5/MQTT-4.8.2-1 v5/MQTT-4.8.2-2",
       overlooks({Rule::shared_subscription_is_well_formed})},
      {"gives a QoS 2 message under way to another member", "v5/MQTT-4.8.2-4",
       sends<Publish>([](Publish& publish, Passing& passing) {
         if (!publish.dup || publish.qos != Qos::exactly_once) return;
         passing.drop();
         passing.backstage.publish(publish);
       })},
      {"gives a QoS 2 message to another member when a session ends", "v5/MQTT-4.8.2-5",
       bequeaths()},
      {"offers what a member turned down to others", "v5/MQTT-4.8.2-6",
       offers_refused_messages_again()},
  };
}

Faults session_faults() {
  return {
      {"ends every session with its connection",
       "v5/MQTT-3.1.2-23 v5/MQTT-3.1.2-5 v3.1.1/MQTT-4.1.0-1 v3.1.1/MQTT-3.1.2-4",
       hears<Connect>([](Connect& connect, Passing&) {
         connect.properties = without(connect.properties, Id::session_expiry_interval);
         if (connect.version != Version::v5 && !connect.client_id.empty())
           connect.clean_start = true;
       })},
      {"never ends a session", "v5/MQTT-4.1.0-2", hears<Connect>([](Connect& connect, Passing&) {
         if (connect.version == Version::v5)
           connect.properties = with(connect.properties, Id::session_expiry_interval, 0xFFFFFFFFu);
       })},
      {"ends sessions in half of their time", "v5/MQTT-3.1.2-23",
       hears<Connect>([](Connect& connect, Passing&) {
         const auto expiry = connect.properties.number(Id::session_expiry_interval);
         if (expiry)
           connect.properties = with(connect.properties, Id::session_expiry_interval, *expiry / 2);
       })},
      {"takes no notice of the session expiry interval of DISCONNECT",
       "v5/MQTT-4.1.0-2 v5/MQTT-3.1.2-23", hears<Disconnect>([](Disconnect& end, Passing&) {
         end.properties = without(end.properties, Id::session_expiry_interval);
       })},
      {"keeps a session that began with CleanSession 1",
       "v3.1.1/MQTT-3.1.2-6",
       {.heard = each<Connect>([](Connect& connect, Passing&) {
          if (connect.version == Version::v3_1_1 && !connect.client_id.empty())
            connect.clean_start = false;
        }),
        .sent = {}}},
      {"gives a session up after a while, though its connection is open",
       "v5/MQTT-4.1.0-1 v3.1.1/MQTT-4.1.0-2",
       {.heard = {},
        .sent =
            [since = std::map<sim::BackendLink, Instant>()](Passing& passing) mutable {
              const Instant now = passing.backstage.now();
              const Instant begun = since.try_emplace(passing.peer.link, now).first->second;
              if (passing.as<Publish>() != nullptr && now - begun > 1s) passing.drop();
            }}},
  };
}

namespace {

Behaviour keeps_open_after_disconnect() {
  auto told = std::make_shared<std::set<sim::BackendLink>>();
  Behaviour all =
      sends<Disconnect>([told](Disconnect&, Passing& passing) { told->insert(passing.peer.link); });
  all.keeps_open = [told](Peer& peer) { return told->contains(peer.link); };
  return all;
}

}  // namespace

Faults ending_faults() {
  return {
      {"sends no PINGRESP", "v5/MQTT-3.12.4-1 v3.1.1/MQTT-3.12.4-1", never_sends<PingResp>()},
      {"refuses by DISCONNECT instead of CONNACK", "v5/MQTT-3.14.0-1 v5/MQTT-3.2.0-1",
       sends<ConnAck>([](ConnAck& ack, Passing& passing) {
         if (failed(ack.reason)) passing.replace(Packet(Disconnect{.reason = ack.reason}));
       })},
      {"sends DISCONNECT with a session expiry interval", "v5/MQTT-3.14.2-2",
       sends<Disconnect>([](Disconnect& end, Passing&) {
         end.properties.add(Id::session_expiry_interval, std::uint32_t{1});
       })},
      {"sends PINGRESP after DISCONNECT", "v5/MQTT-3.14.4-1",
       sends<Disconnect>(
           [](Disconnect&, Passing& passing) { passing.follow(Packet(PingResp{})); })},
      {"leaves the connection open after its DISCONNECT",
       "v5/MQTT-3.14.4-2 v5/MQTT-4.13.2-1 v5/MQTT-4.13.1-1", keeps_open_after_disconnect()},
      {"passes over whatever is malformed", "v5/MQTT-4.13.1-1 v3.1.1/MQTT-4.8.0-1", overlooks({})},
      {"never closes a connection",
       "v3.1.1/MQTT-4.8.0-1 v5/MQTT-3.1.2-22 v3.1.1/MQTT-3.1.2-24",
       {.keeps_open = [](Peer&) { return true; }}},
  };
}

Faults authentication_faults() {
  return {
      {"takes any authentication method", "v5/MQTT-4.12.0-1",
       hears<Connect>([](Connect& connect, Passing&) {
         connect.properties = without(without(connect.properties, Id::authentication_method),
                                      Id::authentication_data);
       })},
      {"leaves the connection open when an authentication fails",
       "v5/MQTT-4.12.0-4 v5/MQTT-4.12.0-1",
       {.keeps_open = [](Peer&) { return true; }}},
      {"sends AUTH with another method", "v5/MQTT-4.12.0-5", sends<Auth>([](Auth& auth, Passing&) {
         auth.properties = with(auth.properties, Id::authentication_method, std::string("other"));
       })},
      {"sends CONNACK without the authentication method", "v5/MQTT-4.12.0-5",
       sends<ConnAck>([](ConnAck& ack, Passing&) {
         ack.properties = without(ack.properties, Id::authentication_method);
       })},
      {"sends an authentication method that nobody named", "v5/MQTT-4.12.0-6",
       sends<ConnAck>([](ConnAck& ack, Passing& passing) {
         if (is_v5(passing) && !has(ack.properties, Id::authentication_method))
           ack.properties.add(Id::authentication_method, std::string("other"));
       })},
      {"takes AUTH from who named no method", "v5/MQTT-4.12.0-7",
       hears<Auth>([](Auth&, Passing& passing) {
         if (!has(passing.peer.connect->properties, Id::authentication_method)) passing.drop();
       })},
      {"lets who fails to authenticate again stay",
       "v5/MQTT-4.12.1-2",
       {.sent = each<Disconnect>([](Disconnect&, Passing& passing) { passing.drop(); }),
        .keeps_open = [](Peer&) { return true; }}},
  };
}

}  // namespace mq::conformance
