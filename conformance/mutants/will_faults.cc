// 3.1.2.5: wills.
#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "conformance/mutants/bend.h"
#include "conformance/mutants/fault.h"

namespace mq::conformance {
namespace {

// `edit(will)` as it is taken from CONNECT.
Behaviour takes_will(void (*edit)(Connect&, Will&)) {
  return hears<Connect>([edit](Connect& connect, Passing&) {
    if (connect.will) edit(connect, *connect.will);
  });
}

// Deliveries of what was said to be a will.
Behaviour sends_wills(void (*edit)(Publish&, Passing&)) {
  auto topics = std::make_shared<std::set<std::string>>();
  return {.heard = each<Connect>([topics](Connect& connect, Passing&) {
            if (connect.will) topics->insert(connect.will->topic);
          }),
          .sent = each<Publish>([topics, edit](Publish& publish, Passing& passing) {
            if (topics->contains(publish.topic)) edit(publish, passing);
          })};
}

Behaviour keeps_wills() {
  return hears<Connect>(
      [wills = std::map<std::string, Will>()](Connect& connect, Passing&) mutable {
        if (connect.will) wills[connect.client_id] = *connect.will;
        if (!connect.will && wills.contains(connect.client_id))
          connect.will = wills.at(connect.client_id);
      });
}

Properties reversed(const Properties& properties) {
  Properties turned;
  const auto& all = properties.all();
  std::for_each(all.rbegin(), all.rend(),
                [&](const Property& one) { turned.add(one.id, one.value); });
  return turned;
}

}  // namespace

Faults will_faults() {
  return {
      {"forgets wills", "v5/MQTT-3.1.2-7 v5/MQTT-3.1.2-8 v3.1.1/MQTT-3.1.2-8",
       hears<Connect>([](Connect& connect, Passing&) { connect.will.reset(); })},
      {"lets nobody in who brings a will", "v5/MQTT-3.1.2-12 v3.1.1/MQTT-3.1.2-14 v5/MQTT-3.1.2-7",
       refuses_connect([](const Connect& connect) { return connect.will.has_value(); })},
      {"publishes wills at once", "v5/MQTT-3.1.2-8 v5/MQTT-3.1.3-9", takes_will([](auto&, Will& w) {
         w.properties = without(w.properties, PropertyId::will_delay_interval);
       })},
      {"delays wills beyond the end of their session", "v5/MQTT-3.1.2-8",
       takes_will([](Connect& connect, Will& will) {
         if (connect.version != Version::v5) return;
         if (has(will.properties, PropertyId::will_delay_interval))
           connect.properties =
               with(connect.properties, PropertyId::session_expiry_interval, 0xFFFFFFFFu);
       })},
      {"publishes wills after DISCONNECT, too",
       "v5/MQTT-3.14.4-3 v3.1.1/MQTT-3.14.4-3 v5/MQTT-3.1.2-8 v5/MQTT-3.1.2-10 "
       "v3.1.1/MQTT-3.1.2-8 v3.1.1/MQTT-3.1.2-10",
       hears<Disconnect>([](Disconnect&, Passing& passing) {
         passing.drop();
         passing.backstage.cut(passing.peer);
       })},
      {"publishes wills twice", "v5/MQTT-3.1.2-10 v3.1.1/MQTT-3.1.2-10",
       sends_wills([](Publish& will, Passing& passing) {
         Publish again = will;
         if (again.qos != Qos::at_most_once) again.packet_id = PacketId{60'000};
         passing.follow(Packet(again));
       })},
      {"keeps a will for connections that bring none",
       "v3.1.1/MQTT-3.1.2-12 v3.1.1/MQTT-3.1.2-10 v5/MQTT-3.1.2-10", keeps_wills()},
      {"retains wills that are not to be retained", "v5/MQTT-3.1.2-14 v3.1.1/MQTT-3.1.2-16",
       takes_will([](auto&, Will& will) { will.retain = true; })},
      {"does not retain wills", "v5/MQTT-3.1.2-15 v3.1.1/MQTT-3.1.2-17",
       takes_will([](auto&, Will& will) { will.retain = false; })},
      {"turns the user properties of a will round", "v5/MQTT-3.1.3-10",
       sends_wills([](Publish& will, Passing&) { will.properties = reversed(will.properties); })},
  };
}

}  // namespace mq::conformance
