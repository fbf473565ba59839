// 3.3: what becomes of a PUBLISH and of what it carries.
#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "conformance/mutants/bend.h"
#include "conformance/mutants/fault.h"
#include "protocol/topic.h"

namespace mq::conformance {
namespace {

using Id = PropertyId;

Behaviour loses(PropertyId id) {
  return sends<Publish>(
      [id](Publish& publish, Passing&) { publish.properties = without(publish.properties, id); });
}

// DUP goes out as it came in.
Behaviour passes_dup_on() {
  auto repeated = std::make_shared<std::set<std::string>>();
  return {.heard = each<Publish>([repeated](Publish& publish, Passing&) {
            if (publish.dup) repeated->insert(std::string(publish.payload.text()));
          }),
          .sent = each<Publish>([repeated](Publish& publish, Passing&) {
            publish.dup |= publish.qos != Qos::at_most_once &&
                           repeated->contains(std::string(publish.payload.text()));
          })};
}

Faults flags() {
  return {
      {"sends again without DUP", "v5/MQTT-3.3.1-1 v3.1.1/MQTT-3.3.1-1",
       sends<Publish>([](Publish& publish, Passing&) { publish.dup = false; })},
      {"sends QoS 0 messages with DUP",
       "v5/MQTT-3.3.1-2 v3.1.1/MQTT-3.3.1-2 v5/MQTT-4.3.1-1 v3.1.1/MQTT-4.3.1-1",
       sends<Publish>(
           [](Publish& publish, Passing&) { publish.dup |= publish.qos == Qos::at_most_once; })},
      {"takes QoS 0 messages with DUP", "v5/MQTT-3.3.1-2 v3.1.1/MQTT-3.3.1-2",
       overlooks({Rule::qos_0_is_no_dup})},
      {"passes DUP on", "v5/MQTT-3.3.1-3 v3.1.1/MQTT-3.3.1-3", passes_dup_on()},
      {"sends QoS 1 messages with DUP the first time", "v5/MQTT-4.3.2-2 v3.1.1/MQTT-4.3.2-1",
       sends<Publish>(
           [](Publish& publish, Passing&) { publish.dup |= publish.qos == Qos::at_least_once; })},
      {"sends QoS 2 messages with DUP the first time", "v5/MQTT-4.3.3-2 v3.1.1/MQTT-4.3.3-1",
       sends<Publish>(
           [](Publish& publish, Passing&) { publish.dup |= publish.qos == Qos::exactly_once; })},
      {"sends QoS 0 messages at QoS 1", "v5/MQTT-4.3.1-1 v3.1.1/MQTT-4.3.1-1",
       sends<Publish>([](Publish& publish, Passing&) {
         if (publish.qos != Qos::at_most_once) return;
         publish.qos = Qos::at_least_once;
         publish.packet_id = PacketId{50'000};
       })},
      {"takes QoS 3", "v5/MQTT-3.3.1-4 v3.1.1/MQTT-3.3.1-4", overlooks({Rule::qos_is_below_three})},
      {"delivers under another topic", "v5/MQTT-3.3.2-3 v3.1.1/MQTT-3.3.2-3",
       sends<Publish>([](Publish& publish, Passing&) { publish.topic += "/more"; })},
  };
}

// The number that was published is what is sent, however late.
Behaviour counts_no_time() {
  auto published = std::make_shared<std::map<std::string, std::uint32_t>>();
  return {.heard = each<Publish>([published](Publish& publish, Passing&) {
            if (auto seconds = publish.properties.number(Id::message_expiry_interval))
              (*published)[publish.topic] = *seconds;
          }),
          .sent = each<Publish>([published](Publish& publish, Passing&) {
            if (published->contains(publish.topic) &&
                has(publish.properties, Id::message_expiry_interval))
              publish.properties = with(publish.properties, Id::message_expiry_interval,
                                        published->at(publish.topic));
          })};
}

Behaviour turns_user_properties_round() {
  return sends<Publish>([](Publish& publish, Passing&) {
    Properties turned;
    const auto& all = publish.properties.all();
    std::for_each(all.rbegin(), all.rend(),
                  [&](const Property& one) { turned.add(one.id, one.value); });
    publish.properties = turned;
  });
}

Behaviour drops_a_user_property() {
  return sends<Publish>([](Publish& publish, Passing&) {
    Properties left;
    bool dropped = false;
    for (const Property& one : publish.properties.all()) {
      if (one.id == Id::user_property && !std::exchange(dropped, true)) continue;
      left.add(one.id, one.value);
    }
    publish.properties = left;
  });
}

Faults properties() {
  return {
      {"loses the Payload Format Indicator", "v5/MQTT-3.3.2-4",
       loses(Id::payload_format_indicator)},
      {"loses the response topic", "v5/MQTT-3.3.2-15", loses(Id::response_topic)},
      {"loses correlation data", "v5/MQTT-3.3.2-16", loses(Id::correlation_data)},
      {"cuts correlation data at a zero byte", "v5/MQTT-3.3.2-16",
       sends<Publish>([](Publish& publish, Passing&) {
         if (const Bytes* data = publish.properties.binary(Id::correlation_data))
           publish.properties =
               with(publish.properties, Id::correlation_data,
                    data->slice(0, std::min(data->size(), data->text().find('\0'))));
       })},
      {"loses the first user property", "v5/MQTT-3.3.2-17", drops_a_user_property()},
      {"turns user properties round", "v5/MQTT-3.3.2-18", turns_user_properties_round()},
      {"sends properties that nobody has published",
       "v5/MQTT-3.3.2-15 v5/MQTT-3.3.2-16 v5/MQTT-3.3.2-17 v5/MQTT-3.3.2-20 v5/MQTT-3.3.2-4",
       sends<Publish>([](Publish& publish, Passing& passing) {
         if (!is_v5(passing)) return;
         const auto add = [&](PropertyId id, PropertyValue value) {
           if (!has(publish.properties, id)) publish.properties.add(id, std::move(value));
         };
         add(Id::payload_format_indicator, std::uint32_t{1});
         add(Id::response_topic, std::string("mutant"));
         add(Id::correlation_data, Bytes::copy("mutant"));
         add(Id::content_type, std::string("mutant"));
         publish.properties.add_user("mutant", "mutant");
       })},
      {"loses the content type", "v5/MQTT-3.3.2-20", loses(Id::content_type)},
      {"delivers expired messages", "v5/MQTT-3.3.2-5",
       hears<Publish>([](Publish& publish, Passing&) {
         publish.properties = without(publish.properties, Id::message_expiry_interval);
       })},
      {"does not count the time that a message has waited", "v5/MQTT-3.3.2-6", counts_no_time()},
      {"loses the message expiry interval", "v5/MQTT-3.3.2-6", loses(Id::message_expiry_interval)},
      {"takes wildcards in response topics", "v5/MQTT-3.3.2-14",
       overlooks({Rule::topic_name_has_no_wildcard, Rule::property_value_is_legal})},
      {"takes a response topic that is no UTF-8", "v5/MQTT-3.3.2-13",
       overlooks({Rule::string_is_utf8, Rule::string_has_no_null}, {Kind::publish})},
      {"takes subscription identifiers from clients", "v5/MQTT-3.3.4-6",
       overlooks({Rule::client_sends_no_subscription_identifier})},
  };
}

// An alias means on the next connection what it meant on the one before.
Behaviour keeps_aliases() {
  struct Known {
    std::map<std::string, std::map<std::uint32_t, std::string>> of_client;
    std::set<std::pair<sim::BackendLink, std::uint32_t>> of_link;
  };
  return hears<Publish>([known = Known()](Publish& publish, Passing& passing) mutable {
    const auto alias = publish.properties.number(Id::topic_alias);
    if (!alias || !passing.peer.connect) return;
    auto& topics = known.of_client[passing.peer.connect->client_id];
    if (!publish.topic.empty()) {
      topics[*alias] = publish.topic;
      known.of_link.insert({passing.peer.link, *alias});
    } else if (!known.of_link.contains({passing.peer.link, *alias}) && topics.contains(*alias)) {
      publish.topic = topics.at(*alias);
    }
  });
}

std::uint32_t aliases_of(const Passing& passing) {
  return passing.peer.connect->properties.number(Id::topic_alias_maximum).value_or(0);
}

Faults aliases() {
  return {
      {"uses aliases beyond what the client takes", "v5/MQTT-3.1.2-26 v5/MQTT-3.3.2-11",
       sends<Publish>([](Publish& publish, Passing& passing) {
         if (is_v5(passing) && aliases_of(passing) > 0 && aliases_of(passing) < 65535)
           publish.properties = with(publish.properties, Id::topic_alias, aliases_of(passing) + 1);
       })},
      {"uses aliases where the client takes none", "v5/MQTT-3.1.2-27",
       sends<Publish>([](Publish& publish, Passing& passing) {
         if (is_v5(passing) && aliases_of(passing) == 0)
           publish.properties.add(Id::topic_alias, std::uint32_t{1});
       })},
      {"takes alias 0", "v5/MQTT-3.3.2-8", overlooks({Rule::topic_alias_is_nonzero})},
      {"keeps aliases for the next connection", "v5/MQTT-3.3.2-7", keeps_aliases()},
      {"refuses the highest alias", "v5/MQTT-3.3.2-12",
       hears<Publish>([](Publish& publish, Passing& passing) {
         const auto& ack = passing.peer.conn_ack;
         if (!ack || !has(publish.properties, Id::topic_alias)) return;
         if (publish.properties.number(Id::topic_alias) !=
             ack->properties.number(Id::topic_alias_maximum))
           return;
         passing.drop();
         passing.answer(Packet(Disconnect{.reason = ReasonCode::topic_alias_invalid}));
         passing.close();
       })},
      {"forgets the topic of an alias that is given another", "v5/MQTT-3.3.2-12",
       hears<Publish>(
           [first = std::map<std::uint32_t, std::string>()](Publish& publish, Passing&) mutable {
             const auto alias = publish.properties.number(Id::topic_alias);
             if (alias && publish.topic.empty() && first.contains(*alias))
               publish.topic = first.at(*alias);
             else if (alias)
               first.emplace(*alias, publish.topic);
           })},
  };
}

// Which identifiers the subscriptions of a delivery have.
Behaviour sends_identifiers(
    std::function<std::vector<std::uint32_t>(std::vector<std::uint32_t>)> change) {
  return sends<Publish>([change](Publish& publish, Passing&) {
    std::vector<std::uint32_t> all;
    for (const Property& one : publish.properties.all())
      if (one.id == Id::subscription_identifier) all.push_back(std::get<std::uint32_t>(one.value));
    publish.properties = without(publish.properties, Id::subscription_identifier);
    for (const std::uint32_t id : change(all))
      publish.properties.add(Id::subscription_identifier, id);
  });
}

// A copy for each subscription, but each with the first identifier.
Behaviour copies_with_one_identifier() {
  return sends<Publish>([](Publish& publish, Passing& passing) {
    const auto first = publish.properties.number(Id::subscription_identifier);
    std::size_t count = 0;
    for (const Property& one : publish.properties.all())
      count += one.id == Id::subscription_identifier ? 1 : 0;
    if (count < 2) return;
    publish.properties = with(publish.properties, Id::subscription_identifier, *first);
    Publish again = publish;
    if (again.qos != Qos::at_most_once) again.packet_id = PacketId{50'001};
    passing.follow(Packet(again));
  });
}

Faults subscription_identifiers() {
  using Ids = std::vector<std::uint32_t>;
  return {
      {"sends no subscription identifiers", "v5/MQTT-3.3.4-3", loses(Id::subscription_identifier)},
      {"sends a wrong subscription identifier", "v5/MQTT-3.3.4-3 v5/MQTT-3.3.4-4",
       sends_identifiers([](Ids ids) {
         for (auto& id : ids) id = id % 268'435'455 + 1;
         return ids;
       })},
      {"sends one of several subscription identifiers", "v5/MQTT-3.3.4-4 v5/MQTT-3.3.4-3",
       sends_identifiers([](Ids ids) {
         if (ids.size() > 1) ids.resize(1);
         return ids;
       })},
      {"sends a copy for each subscription under the same identifier", "v5/MQTT-3.3.4-5",
       copies_with_one_identifier()},
  };
}

Faults answers() {
  return {
      {"does not acknowledge QoS 1",
       "v5/MQTT-3.3.4-1 v5/MQTT-4.3.2-4 v3.1.1/MQTT-3.3.4-1 "
       "v3.1.1/MQTT-4.3.2-2",
       never_sends<PubAck>()},
      {"does not answer QoS 2",
       "v5/MQTT-3.3.4-1 v5/MQTT-4.3.3-8 v3.1.1/MQTT-3.3.4-1 "
       "v3.1.1/MQTT-4.3.3-2",
       never_sends<PubRec>()},
      {"answers QoS 2 as QoS 1",
       "v5/MQTT-3.3.4-1 v5/MQTT-4.3.3-8 v3.1.1/MQTT-3.3.4-1 "
       "v3.1.1/MQTT-4.3.3-2",
       sends<PubRec>([](PubRec& answer, Passing& passing) {
         passing.replace(Packet(PubAck{.packet_id = answer.packet_id}));
       })},
      {"acknowledges QoS 0", "v5/MQTT-3.3.4-1 v3.1.1/MQTT-3.3.4-1",
       hears<Publish>([](Publish& publish, Passing& passing) {
         if (publish.qos == Qos::at_most_once)
           passing.answer(Packet(PubAck{.packet_id = PacketId{1}}));
       })},
      {"drops a PUBLISH that it forbids without a word", "v3.1.1/MQTT-3.3.5-2",
       hears<Publish>([](Publish& publish, Passing& passing) {
         if (!publish.topic.starts_with("lab/denied")) return;
         passing.drop();
       })},
  };
}

}  // namespace

Faults publish_faults() {
  Faults all = flags();
  for (const auto& more : {properties(), aliases(), subscription_identifiers(), answers()})
    all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace mq::conformance
