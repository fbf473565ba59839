// 3.1: what a server makes of CONNECT.
#include <map>
#include <memory>
#include <set>

#include "conformance/mutants/bend.h"
#include "conformance/mutants/fault.h"

namespace mq::conformance {
namespace {

Faults first_packets() {
  return {
      {"lets in who sends no CONNECT first",
       "v5/MQTT-3.1.0-1 v3.1.1/MQTT-3.1.0-1",
       {.heard =
            [](Passing& passing) {
              if (passing.peer.connect || kind_of(passing.wire) == Kind::connect) return;
              passing.peer.connect = plain_connect(passing.peer.version);
              passing.replace(Packet(*passing.peer.connect));
            }}},
      {"passes over a second CONNECT",
       "v5/MQTT-3.1.0-2 v3.1.1/MQTT-3.1.0-2",
       {.heard =
            [](Passing& passing) {
              if (passing.peer.conn_ack && kind_of(passing.wire) == Kind::connect) passing.drop();
            }}},
      {"answers a second CONNECT",
       "v5/MQTT-3.1.0-2 v3.1.1/MQTT-3.1.0-2 v5/MQTT-3.2.0-2",
       {.heard =
            [](Passing& passing) {
              if (!passing.peer.conn_ack || kind_of(passing.wire) != Kind::connect) return;
              passing.drop();
              passing.answer(Packet(ConnAck{}));
            }}},
  };
}

Faults fields() {
  return {
      {"takes any protocol name", "v5/MQTT-3.1.2-1 v3.1.1/MQTT-3.1.2-1",
       overlooks({Rule::protocol_name_is_mqtt})},
      {"takes any protocol level", "v5/MQTT-3.1.2-2 v3.1.1/MQTT-3.1.2-2",
       overlooks({Rule::protocol_level_is_known})},
      {"takes the reserved connect flag", "v5/MQTT-3.1.2-3 v3.1.1/MQTT-3.1.2-3",
       overlooks({Rule::connect_reserved_flag_is_zero})},
      {"takes flags of a will without a will",
       "v5/MQTT-3.1.2-11 v5/MQTT-3.1.2-13 v3.1.1/MQTT-3.1.2-11 v3.1.1/MQTT-3.1.2-13 "
       "v3.1.1/MQTT-3.1.2-15",
       overlooks({Rule::will_flags_need_a_will})},
      {"takes a Will QoS of 3", "v5/MQTT-3.1.2-12 v3.1.1/MQTT-3.1.2-14",
       overlooks({Rule::will_qos_is_below_three})},
      {"takes a CONNECT whose fields are not as its flags say",
       "v5/MQTT-3.1.2-9 v5/MQTT-3.1.2-16 v5/MQTT-3.1.2-17 v5/MQTT-3.1.2-18 v5/MQTT-3.1.2-19 "
       "v5/MQTT-3.1.3-1 v5/MQTT-3.1.3-3 v3.1.1/MQTT-3.1.2-9 v3.1.1/MQTT-3.1.2-11 "
       "v3.1.1/MQTT-3.1.2-18 v3.1.1/MQTT-3.1.2-19 v3.1.1/MQTT-3.1.2-20 v3.1.1/MQTT-3.1.2-21 "
       "v3.1.1/MQTT-3.1.3-1 v3.1.1/MQTT-3.1.3-3",
       overlooks({}, {Kind::connect})},
      {"takes any CONNECT", "v5/MQTT-3.1.4-1 v3.1.1/MQTT-3.1.4-1", overlooks({}, {Kind::connect})},
      {"takes a password without a user name", "v3.1.1/MQTT-3.1.2-22",
       overlooks({Rule::password_needs_user_name})},
      {"refuses a password without a user name", "v5/MQTT-3.1.2-19",
       refuses_connect(
           [](const Connect& connect) { return connect.password && !connect.user_name; })},
      {"answers a malformed CONNECT by CONNACK",
       "v3.1.1/MQTT-3.1.4-1 v3.1.1/MQTT-3.2.2-6",
       {.heard =
            [](Passing& passing) {
              if (!passing.breaks || kind_of(passing.wire) != Kind::connect || is_v5(passing))
                return;
              if (passing.breaks->rule == Rule::protocol_level_is_known) return;
              passing.drop();
              passing.answer(Packet(ConnAck{.reason = connect_return::server_unavailable}));
              passing.close();
            }}},
      {"refuses a 3.1.1 client with a code of 5.0", "v3.1.1/MQTT-3.2.2-6",
       sends<ConnAck>([](ConnAck& ack, Passing& passing) {
         if (!is_v5(passing) && ack.reason != ReasonCode::success)
           ack.reason = ReasonCode::server_busy;
       })},
      {"closes upon an unknown protocol level without a word",
       "v3.1.1/MQTT-3.1.2-2",
       {.heard =
            [](Passing& passing) {
              if (!passing.breaks || passing.breaks->rule != Rule::protocol_level_is_known) return;
              passing.drop();
              passing.close();
            }}},
  };
}

Behaviour gives_everybody_one_id() {
  return hears<Connect>([](Connect& connect, Passing&) {
    if (connect.client_id.empty()) connect.client_id = "assigned";
  });
}

// Clients that come without an id get the same one, and 5.0's are told.
Behaviour assigns_one_id() {
  Behaviour all = gives_everybody_one_id();
  all.sent = each<ConnAck>([](ConnAck& ack, Passing& passing) {
    const auto& connect = passing.peer.connect;
    if (is_v5(passing) && connect && connect->client_id.empty())
      ack.properties.add(PropertyId::assigned_client_identifier, std::string("assigned"));
  });
  return all;
}

bool is_plain_id(const std::string& id) {
  return id.size() >= 20 || id.find_first_not_of("0123456789") == std::string::npos;
}

// Whoever comes with an id that is in use gets a session of its own.
Behaviour lets_two_in() {
  return hears<Connect>([ids = std::set<std::string>()](Connect& connect, Passing&) mutable {
    if (connect.client_id.empty()) return;
    while (!ids.insert(connect.client_id).second) connect.client_id += "x";
  });
}

Faults client_ids() {
  return {
      {"refuses legal client ids", "v5/MQTT-3.1.3-5 v3.1.1/MQTT-3.1.3-5",
       refuses_connect([](const Connect& connect) {
         return !connect.client_id.empty() && is_plain_id(connect.client_id);
       })},
      {"gives every connection a session of its own", "v5/MQTT-3.1.3-2 v3.1.1/MQTT-3.1.3-2",
       hears<Connect>([count = 0](Connect& connect, Passing&) mutable {
         connect.client_id += std::to_string(count++);
       })},
      {"knows sessions by the client id but for its last character",
       "v5/MQTT-3.1.3-2 v3.1.1/MQTT-3.1.3-2", hears<Connect>([](Connect& connect, Passing&) {
         if (connect.client_id.size() > 1) connect.client_id.pop_back();
       })},
      {"gives all clients without an id the same one",
       "v5/MQTT-3.1.3-6 v5/MQTT-3.2.2-16 v3.1.1/MQTT-3.1.3-6", assigns_one_id()},
      {"does not tell the id that it gives", "v5/MQTT-3.1.3-7 v5/MQTT-3.2.2-16",
       sends<ConnAck>([](ConnAck& ack, Passing&) {
         ack.properties = without(ack.properties, PropertyId::assigned_client_identifier);
       })},
      {"tells another id than it gives", "v5/MQTT-3.1.3-7",
       sends<ConnAck>([](ConnAck& ack, Passing&) {
         if (const auto* id = ack.properties.text(PropertyId::assigned_client_identifier))
           ack.properties = with(ack.properties, PropertyId::assigned_client_identifier, *id + "x");
       })},
      {"takes an empty client id with CleanSession 0", "v3.1.1/MQTT-3.1.3-7 v3.1.1/MQTT-3.1.3-8",
       hears<Connect>([](Connect& connect, Passing&) {
         if (connect.client_id.empty()) connect.clean_start = true;
       })},
      {"refuses a client id with another return code", "v3.1.1/MQTT-3.1.3-8 v3.1.1/MQTT-3.1.3-9",
       sends<ConnAck>([](ConnAck& ack, Passing&) {
         if (ack.reason == connect_return::identifier_rejected)
           ack.reason = connect_return::not_authorized;
       })},
      {"takes client ids that it does not want", "v5/MQTT-3.1.3-8 v3.1.1/MQTT-3.1.3-9",
       gives_everybody_one_id()},
      {"leaves the older connection of a client id open", "v5/MQTT-3.1.4-3 v3.1.1/MQTT-3.1.4-2",
       lets_two_in()},
      {"does not say why it ends the older connection", "v5/MQTT-3.1.4-3",
       sends<Disconnect>([](Disconnect& end, Passing& passing) {
         if (end.reason == ReasonCode::session_taken_over) passing.drop();
       })},
  };
}

// What came behind a CONNECT that was refused happens all the same.
Behaviour acts_for_the_refused() {
  auto waiting = std::make_shared<std::map<sim::BackendLink, std::vector<Publish>>>();
  return {.heard = each<Publish>([waiting](Publish& publish, Passing& passing) {
            (*waiting)[passing.peer.link].push_back(publish);
          }),
          .sent = each<ConnAck>([waiting](ConnAck& ack, Passing& passing) {
            if (ack.reason == ReasonCode::success) return;
            for (const Publish& publish : (*waiting)[passing.peer.link])
              passing.backstage.publish(publish);
          })};
}

Behaviour knows_every_password() {
  return hears<Connect>([](Connect& connect, Passing&) {
    connect.user_name = "lab";
    connect.password = Bytes::copy("secret");
  });
}

Faults course() {
  return {
      {"lets in whom it should not", "v5/MQTT-3.1.4-2", knows_every_password()},
      {"sends no CONNACK", "v5/MQTT-3.1.4-5 v3.1.1/MQTT-3.1.4-4", never_sends<ConnAck>()},
      {"acts on what comes behind a CONNECT that it refuses", "v5/MQTT-3.1.4-6 v3.1.1/MQTT-3.1.4-5",
       acts_for_the_refused()},
      {"keeps the session in spite of Clean Start 1",
       "v5/MQTT-3.1.2-4 v5/MQTT-3.1.4-4 v3.1.1/MQTT-3.1.2-6 v3.1.1/MQTT-3.1.4-3",
       {.heard = each<Connect>([](Connect& connect, Passing&) { connect.clean_start = false; }),
        .sent = each<ConnAck>([](ConnAck& ack, Passing& passing) {
          ack.session_present &= !passing.peer.connect->clean_start;
        })}},
      {"begins a new session in spite of Clean Start 0",
       "v5/MQTT-3.1.2-5 v5/MQTT-3.1.4-4 v3.1.1/MQTT-3.1.2-4 v3.1.1/MQTT-3.1.4-3",
       hears<Connect>([](Connect& connect, Passing&) {
         if (!connect.client_id.empty()) connect.clean_start = true;
       })},
      {"refuses Clean Start 0 where there is no session",
       "v5/MQTT-3.1.2-6 v3.1.1/MQTT-3.1.2-4 v3.1.1/MQTT-3.2.2-3",
       sends<ConnAck>([](ConnAck& ack, Passing& passing) {
         if (passing.peer.connect->clean_start || ack.session_present) return;
         passing.replace(
             Packet(ConnAck{.reason = is_v5(passing) ? ReasonCode::client_identifier_not_valid
                                                     : connect_return::identifier_rejected}));
         passing.close();
       })},
      {"never minds silence", "v5/MQTT-3.1.2-22 v3.1.1/MQTT-3.1.2-24 v5/MQTT-3.2.2-22",
       hears<Connect>([](Connect& connect, Passing&) { connect.keep_alive = 0; })},
      {"minds silence before one and a half keep alives have passed",
       "v5/MQTT-3.1.2-22 v3.1.1/MQTT-3.1.2-24 v5/MQTT-3.2.2-22",
       hears<Connect>([](Connect& connect, Passing&) {
         if (connect.keep_alive > 1) connect.keep_alive /= 2;
       })},
      {"keeps every client to a keep alive of a minute, and tells nobody", "v5/MQTT-3.2.2-22",
       hears<Connect>([](Connect& connect, Passing&) { connect.keep_alive = 60; })},
  };
}

}  // namespace

Faults connect_faults() {
  Faults all = first_packets();
  for (const auto& more : {fields(), client_ids(), course()})
    all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace mq::conformance
