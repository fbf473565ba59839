// 3.3.1.3: retained messages, and when they come.
#include <map>
#include <memory>
#include <set>

#include "conformance/mutants/bend.h"
#include "conformance/mutants/fault.h"
#include "protocol/topic.h"

namespace mq::conformance {
namespace {

// Publications to topics that have had a retained message.
Behaviour hears_after_retained(void (*edit)(Publish&)) {
  return hears<Publish>(
      [topics = std::set<std::string>(), edit](Publish& publish, Passing&) mutable {
        const bool is_first = !topics.contains(publish.topic);
        if (publish.retain && !publish.payload.empty()) topics.insert(publish.topic);
        if (!is_first) edit(publish);
      });
}

// To who subscribes, retained messages that are none.
Behaviour keeps_empty_ones() {
  auto topics = std::make_shared<std::set<std::string>>();
  return {.heard = [topics](Passing& passing) {
    if (const auto* publish = passing.as<Publish>(); publish != nullptr && publish->retain)
      publish->payload.empty() ? void(topics->insert(publish->topic))
                               : void(topics->erase(publish->topic));
    const auto* subscribe = passing.as<Subscribe>();
    if (subscribe == nullptr) return;
    for (const auto& entry : subscribe->entries)
      for (const std::string& topic : *topics)
        if (matches(entry.filter, topic))
          passing.backstage.send_later(passing.peer,
                                       Packet(Publish{.topic = topic, .retain = true}),
                                       std::chrono::milliseconds(1));
  }};
}

// Subscriptions of a client, by filter: whether this one is there already.
Behaviour hears_subscription(std::function<void(SubscriptionOptions&, bool is_new)> edit) {
  return hears<Subscribe>([edit, known = std::set<std::pair<std::string, std::string>>()](
                              Subscribe& subscribe, Passing& passing) mutable {
    for (auto& entry : subscribe.entries)
      edit(entry.options, known.insert({passing.peer.connect->client_id, entry.filter}).second);
  });
}

Behaviour subscribes_as(std::function<void(SubscriptionOptions&)> edit) {
  return hears_subscription([edit](SubscriptionOptions& options, bool) { edit(options); });
}

// What a publisher said of RETAIN reaches those who were subscribed before.
Behaviour passes_retain_on() {
  auto retained = std::make_shared<std::set<std::string>>();
  return {.heard = each<Publish>([retained](Publish& publish, Passing&) {
            if (publish.retain) retained->insert(publish.topic);
          }),
          .sent = each<Publish>([retained](Publish& publish, Passing&) {
            publish.retain |= retained->contains(publish.topic);
          })};
}

Faults storing() {
  return {
      {"retains nothing", "v5/MQTT-3.3.1-5 v3.1.1/MQTT-3.3.1-5 v3.1.1/MQTT-3.3.1-6",
       hears<Publish>([](Publish& publish, Passing&) { publish.retain = false; })},
      {"keeps the first retained message of a topic",
       "v5/MQTT-3.3.1-5 v3.1.1/MQTT-3.3.1-5 v3.1.1/MQTT-3.3.1-6",
       hears_after_retained([](Publish& publish) { publish.retain = false; })},
      {"retains messages without their QoS", "v3.1.1/MQTT-3.3.1-5",
       sends<Publish>([](Publish& publish, Passing&) {
         if (!publish.retain) return;
         publish.qos = Qos::at_most_once;
         publish.packet_id = PacketId::none;
       })},
      {"lets a retained QoS 0 message displace none", "v3.1.1/MQTT-3.3.1-7",
       hears<Publish>(
           [](Publish& publish, Passing&) { publish.retain &= publish.qos != Qos::at_most_once; })},
      {"forgets retained messages with the session of their publisher",
       "v3.1.1/MQTT-3.1.2-7",
       {.heard =
            [topics =
                 std::map<sim::BackendLink, std::set<std::string>>()](Passing& passing) mutable {
              if (const auto* publish = passing.as<Publish>();
                  publish != nullptr && publish->retain)
                topics[passing.peer.link].insert(publish->topic);
              if (passing.as<Disconnect>() == nullptr) return;
              for (const std::string& topic : topics[passing.peer.link])
                passing.backstage.publish({.topic = topic, .retain = true});
            }}},
      {"deletes nothing by an empty retained message", "v5/MQTT-3.3.1-6 v3.1.1/MQTT-3.3.1-10",
       hears<Publish>([](Publish& publish, Passing&) {
         if (publish.payload.empty()) publish.retain = false;
       })},
      {"delivers no empty messages", "v5/MQTT-3.3.1-6 v3.1.1/MQTT-3.3.1-10",
       sends<Publish>([](Publish& publish, Passing& passing) {
         if (publish.payload.empty()) passing.drop();
       })},
      {"retains empty messages", "v5/MQTT-3.3.1-7 v3.1.1/MQTT-3.3.1-11", keeps_empty_ones()},
      {"retains what is not to be retained", "v5/MQTT-3.3.1-8 v3.1.1/MQTT-3.3.1-12",
       hears<Publish>([](Publish& publish, Passing&) { publish.retain = true; })},
      {"forgets a retained message when another is published",
       "v5/MQTT-3.3.1-8 v3.1.1/MQTT-3.3.1-12",
       hears<Publish>([](Publish& publish, Passing& passing) {
         if (!publish.retain) passing.backstage.publish({.topic = publish.topic, .retain = true});
       })},
  };
}

Faults sending() {
  const auto handle = [](RetainHandling from, RetainHandling as) {
    return subscribes_as([from, as](SubscriptionOptions& options) {
      if (options.retain_handling == from) options.retain_handling = as;
    });
  };
  return {
      {"sends no retained messages to new subscriptions",
       "v5/MQTT-3.3.1-9 v5/MQTT-3.3.1-10 v3.1.1/MQTT-3.3.1-6",
       sends<Publish>([](Publish& publish, Passing& passing) {
         if (publish.retain) passing.drop();
       })},
      {"sends retained messages to new subscriptions only",
       "v5/MQTT-3.3.1-9 v5/MQTT-3.8.4-4 v3.1.1/MQTT-3.8.4-3",
       {.heard = each<Subscribe>([known = std::set<std::pair<std::string, std::string>>()](
                                     Subscribe& subscribe, Passing& passing) mutable {
          for (auto& entry : subscribe.entries) {
            const std::string& who = passing.peer.connect->client_id;
            if (known.insert({who, entry.filter}).second) continue;
            if (is_v5(passing))
              entry.options.retain_handling = RetainHandling::send_if_new;
            else
              passing.drop(), passing.answer(Packet(SubAck{.packet_id = subscribe.packet_id,
                                                           .reasons = {ReasonCode{0}}}));
          }
        })}},
      {"takes Retain Handling 1 for 0", "v5/MQTT-3.3.1-10",
       handle(RetainHandling::send_if_new, RetainHandling::send)},
      {"takes Retain Handling 1 for 2", "v5/MQTT-3.3.1-10",
       handle(RetainHandling::send_if_new, RetainHandling::do_not_send)},
      {"takes Retain Handling 2 for 0", "v5/MQTT-3.3.1-11",
       handle(RetainHandling::do_not_send, RetainHandling::send)},
      {"takes Retain As Published 0 for 1", "v5/MQTT-3.3.1-12",
       subscribes_as([](SubscriptionOptions& options) { options.retain_as_published = true; })},
      {"takes Retain As Published 1 for 0", "v5/MQTT-3.3.1-13",
       subscribes_as([](SubscriptionOptions& options) { options.retain_as_published = false; })},
      {"sets RETAIN in all that it sends", "v5/MQTT-3.3.1-12 v3.1.1/MQTT-3.3.1-9",
       sends<Publish>([](Publish& publish, Passing&) { publish.retain = true; })},
      {"passes RETAIN on", "v3.1.1/MQTT-3.3.1-9", passes_retain_on()},
      {"sends retained messages without RETAIN", "v3.1.1/MQTT-3.3.1-8",
       sends<Publish>([](Publish& publish, Passing&) { publish.retain = false; })},
  };
}

}  // namespace

Faults retained_faults() {
  Faults all = storing();
  const Faults more = sending();
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace mq::conformance
