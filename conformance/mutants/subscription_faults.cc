// 3.8 to 3.11 and 4.7: subscriptions, and what matches them.
#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "conformance/mutants/bend.h"
#include "conformance/mutants/fault.h"
#include "protocol/topic.h"

namespace mq::conformance {
namespace {

constexpr PacketId spare_id{50'002};

std::string client_of(const Passing& passing) { return passing.peer.connect->client_id; }

Faults formats() {
  return {
      {"takes SUBSCRIBE without a filter, or without its options",
       "v5/MQTT-3.8.3-2 v3.1.1/MQTT-3.8.3-3",
       overlooks({Rule::subscribe_names_a_filter, Rule::packet_is_as_long_as_announced},
                 {Kind::subscribe})},
      {"takes UNSUBSCRIBE without a filter", "v5/MQTT-3.10.3-2 v3.1.1/MQTT-3.10.3-2",
       overlooks({Rule::unsubscribe_names_a_filter})},
      {"takes reserved bits in subscription options", "v5/MQTT-3.8.3-5 v3.1.1/MQTT-3.8.3-4",
       overlooks({Rule::subscription_options_are_reserved})},
      {"takes QoS 3 in subscriptions", "v3.1.1/MQTT-3.8.3-4",
       overlooks({Rule::subscription_qos_is_below_three})},
      {"takes No Local on a shared subscription", "v5/MQTT-3.8.3-4",
       overlooks({Rule::shared_subscription_takes_local})},
      {"sends no SUBACK", "v5/MQTT-3.8.4-1 v3.1.1/MQTT-3.8.4-1", never_sends<SubAck>()},
      {"sends no UNSUBACK", "v5/MQTT-3.10.4-4 v3.1.1/MQTT-3.10.4-4", never_sends<UnsubAck>()},
  };
}

// A SUBACK for each filter.
Behaviour answers_each_filter() {
  return sends<SubAck>([](SubAck& ack, Passing& passing) {
    if (ack.reasons.size() < 2) return;
    passing.drop();
    for (const ReasonCode reason : ack.reasons)
      passing.follow(Packet(SubAck{.packet_id = ack.packet_id, .reasons = {reason}}));
  });
}

Behaviour takes_the_first_filter_only() {
  auto asked = std::make_shared<std::map<PacketId, std::size_t>>();
  Behaviour all = hears<Subscribe>([asked](Subscribe& subscribe, Passing&) {
    (*asked)[subscribe.packet_id] = subscribe.entries.size();
    subscribe.entries.resize(1);
  });
  all.sent = each<SubAck>([asked](SubAck& ack, Passing&) {
    ack.reasons.resize((*asked)[ack.packet_id], ack.reasons.at(0));
  });
  return all;
}

Behaviour sends_codes(std::function<void(std::vector<ReasonCode>&)> edit) {
  return sends<SubAck>([edit](SubAck& ack, Passing&) { edit(ack.reasons); });
}

Faults answers() {
  using Codes = std::vector<ReasonCode>;
  const auto all_to = [](ReasonCode code) {
    return sends_codes([code](Codes& codes) {
      for (ReasonCode& one : codes)
        if (!failed(one)) one = code;
    });
  };
  return {
      {"answers each filter of a SUBSCRIBE", "v5/MQTT-3.8.4-5 v3.1.1/MQTT-3.8.4-4",
       answers_each_filter()},
      {"takes the first filter of a SUBSCRIBE only", "v5/MQTT-3.8.4-5 v3.1.1/MQTT-3.8.4-4",
       takes_the_first_filter_only()},
      {"sends one code for all filters", "v5/MQTT-3.8.4-6 v3.1.1/MQTT-3.8.4-5",
       sends_codes([](Codes& codes) { codes.resize(1); })},
      {"sends a code too many", "v5/MQTT-3.8.4-6 v3.1.1/MQTT-3.8.4-5",
       sends_codes([](Codes& codes) { codes.push_back(ReasonCode::success); })},
      {"tells QoS 2 whatever it grants", "v5/MQTT-3.8.4-7 v3.1.1/MQTT-3.8.4-5",
       all_to(ReasonCode::granted_qos_2)},
      {"tells QoS 0 whatever it grants", "v5/MQTT-3.8.4-7 v3.1.1/MQTT-3.8.4-5",
       all_to(ReasonCode::success)},
      {"tells that it grants what it refuses",
       "v5/MQTT-3.8.4-7 v3.1.1/MQTT-3.8.4-5 v3.1.1/MQTT-3.8.3-2", sends_codes([](Codes& codes) {
         for (ReasonCode& one : codes)
           if (failed(one)) one = ReasonCode::success;
       })},
      {"sends the codes of SUBACK in another order", "v5/MQTT-3.9.3-1 v3.1.1/MQTT-3.9.3-1",
       sends_codes([](Codes& codes) { std::reverse(codes.begin(), codes.end()); })},
      {"sends the codes of UNSUBACK in another order", "v5/MQTT-3.11.3-1",
       sends<UnsubAck>(
           [](UnsubAck& ack, Passing&) { std::reverse(ack.reasons.begin(), ack.reasons.end()); })},
      {"sends one code of UNSUBACK for all filters", "v5/MQTT-3.11.3-1",
       sends<UnsubAck>([](UnsubAck& ack, Passing&) {
         if (!ack.reasons.empty()) ack.reasons.resize(1);
       })},
  };
}

// A second subscription to a filter stands beside the first.
Behaviour adds_subscriptions() {
  struct Known {
    std::set<std::pair<std::string, std::string>> once;
    std::set<std::pair<std::string, std::string>> twice;
  };
  auto known = std::make_shared<Known>();
  return {.heard = each<Subscribe>([known](Subscribe& subscribe, Passing& passing) {
            for (const auto& entry : subscribe.entries)
              if (!known->once.insert({client_of(passing), entry.filter}).second)
                known->twice.insert({client_of(passing), entry.filter});
          }),
          .sent = each<Publish>([known](Publish& publish, Passing& passing) {
            for (const auto& [client, filter] : known->twice) {
              if (client != client_of(passing) || !matches(filter, publish.topic)) continue;
              Publish again = publish;
              if (again.qos != Qos::at_most_once) again.packet_id = spare_id;
              passing.follow(Packet(again));
            }
          })};
}

Behaviour keeps_the_first_options() {
  return hears<Subscribe>(
      [known = std::map<std::pair<std::string, std::string>, SubscriptionOptions>()](
          Subscribe& subscribe, Passing& passing) mutable {
        for (auto& entry : subscribe.entries) {
          const RetainHandling handling = entry.options.retain_handling;
          entry.options =
              known.try_emplace({client_of(passing), entry.filter}, entry.options).first->second;
          entry.options.retain_handling = handling;
        }
      });
}

// The QoS that messages were published at.
Behaviour delivers_at(std::function<Qos(Qos published, Qos granted)> choose) {
  auto published = std::make_shared<std::map<std::string, Qos>>();
  return {.heard =
              [published](Passing& passing) {
                if (const auto* publish = passing.as<Publish>())
                  (*published)[std::string(publish->payload.text())] = publish->qos;
                const auto* connect = passing.as<Connect>();
                if (connect != nullptr && connect->will)
                  (*published)[std::string(connect->will->payload.text())] = connect->will->qos;
              },
          .sent = each<Publish>([published, choose](Publish& publish, Passing&) {
            const auto at = published->find(std::string(publish.payload.text()));
            if (at == published->end()) return;
            publish.qos = choose(at->second, publish.qos);
            if (publish.qos == Qos::at_most_once)
              publish.packet_id = PacketId::none;
            else if (publish.packet_id == PacketId::none)
              publish.packet_id = spare_id;
          })};
}

// Of several subscriptions that match, the lowest QoS counts.
Behaviour delivers_at_the_lowest() {
  auto granted = std::make_shared<std::map<std::pair<std::string, std::string>, Qos>>();
  return {.heard = each<Subscribe>([granted](Subscribe& subscribe, Passing& passing) {
            for (const auto& entry : subscribe.entries)
              (*granted)[{client_of(passing), entry.filter}] = entry.options.qos;
          }),
          .sent = each<Publish>([granted](Publish& publish, Passing& passing) {
            for (const auto& [which, qos] : *granted)
              if (which.first == client_of(passing) && matches(which.second, publish.topic))
                publish.qos = std::min(publish.qos, qos);
            if (publish.qos == Qos::at_most_once) publish.packet_id = PacketId::none;
          })};
}

Faults effect() {
  return {
      {"adds a subscription to the same filter instead of replacing it",
       "v5/MQTT-3.8.4-3 v3.1.1/MQTT-3.8.4-3", adds_subscriptions()},
      {"keeps the first of two subscriptions to a filter", "v5/MQTT-3.8.4-3 v3.1.1/MQTT-3.8.4-3",
       keeps_the_first_options()},
      {"takes No Local for nothing", "v5/MQTT-3.8.3-3",
       hears<Subscribe>([](Subscribe& subscribe, Passing&) {
         for (auto& entry : subscribe.entries) entry.options.no_local = false;
       })},
      {"sends everybody only what others publish", "v5/MQTT-3.8.3-3",
       hears<Subscribe>([](Subscribe& subscribe, Passing& passing) {
         for (auto& entry : subscribe.entries)
           if (is_v5(passing) && !shared(entry.filter)) entry.options.no_local = true;
       })},
      {"delivers at the QoS that was published, whatever was granted",
       "v5/MQTT-3.8.4-8 v3.1.1/MQTT-3.8.4-6 v5/MQTT-4.8.2-3",
       delivers_at([](Qos published, Qos) { return published; })},
      {"delivers everything at QoS 0", "v5/MQTT-3.8.4-8 v3.1.1/MQTT-3.8.4-6",
       delivers_at([](Qos, Qos) { return Qos::at_most_once; })},
      {"delivers at the lowest QoS of the subscriptions that match",
       "v5/MQTT-3.3.4-2 v3.1.1/MQTT-3.3.5-1", delivers_at_the_lowest()},
      {"takes every filter for `#`",
       "v5/MQTT-3.3.2-3 v3.1.1/MQTT-3.3.2-3 v5/MQTT-4.7.3-4 v3.1.1/MQTT-4.7.3-4 "
       "v5/MQTT-4.7.1-1 v5/MQTT-4.7.1-2 v3.1.1/MQTT-4.7.1-2 v3.1.1/MQTT-4.7.1-3",
       {.heard =
            [](Passing& passing) {
              auto* subscribe = passing.as<Subscribe>();
              if (subscribe == nullptr) return;
              for (auto& entry : subscribe->entries)
                if (!shared(entry.filter)) entry.filter = "#";
              passing.replace(*passing.packet);
            },
        .sent = {},
        .keeps_open = {}}},
      {"takes shared subscriptions for ordinary ones", "v5/MQTT-3.3.1-9",
       hears<Subscribe>([](Subscribe& subscribe, Passing& passing) {
         for (auto& entry : subscribe.entries)
           if (const auto group = shared(entry.filter); group && is_v5(passing))
             entry.filter = std::string(group->filter);
       })},
      {"lets filters that begin with a wildcard match topics that begin with $",
       "v5/MQTT-4.7.2-1 v3.1.1/MQTT-4.7.2-1",
       {.heard = each<Publish>([](Publish& publish, Passing& passing) {
          if (!publish.topic.starts_with('$')) return;
          Publish other = publish;
          other.topic = "mutant" + publish.topic;
          passing.backstage.publish(other);
        }),
        .sent = each<Publish>([](Publish& publish, Passing&) {
          if (publish.topic.starts_with("mutant$")) publish.topic.erase(0, 6);
        })}},
  };
}

using Filters = std::map<std::string, std::set<std::string>>;  // of clients

Behaviour hears_subscriptions(const std::shared_ptr<Filters>& known) {
  return hears<Subscribe>([known](Subscribe& subscribe, Passing& passing) {
    for (const auto& entry : subscribe.entries) (*known)[client_of(passing)].insert(entry.filter);
  });
}

// Subscriptions that the filter of an UNSUBSCRIBE matches end as well.
Behaviour ends_what_matches() {
  auto known = std::make_shared<Filters>();
  auto asked = std::make_shared<std::size_t>(0);
  Behaviour all = both(hears_subscriptions(known),
                       hears<Unsubscribe>([known, asked](Unsubscribe& end, Passing& passing) {
                         *asked = end.filters.size();
                         const auto filters = end.filters;
                         for (const auto& filter : filters)
                           for (const auto& other : (*known)[client_of(passing)])
                             if (matches(filter, other)) end.filters.push_back(other);
                       }));
  all.sent = each<UnsubAck>([asked](UnsubAck& ack, Passing&) {
    if (!ack.reasons.empty()) ack.reasons.resize(*asked);
  });
  return all;
}

Behaviour ends_the_first_filter_only() {
  auto asked = std::make_shared<std::size_t>(0);
  Behaviour all = hears<Unsubscribe>([asked](Unsubscribe& end, Passing&) {
    *asked = end.filters.size();
    end.filters.resize(1);
  });
  all.sent = each<UnsubAck>([asked](UnsubAck& ack, Passing&) {
    if (!ack.reasons.empty()) ack.reasons.resize(*asked, ack.reasons.at(0));
  });
  return all;
}

Behaviour answers_each_unsubscription() {
  auto asked = std::make_shared<std::size_t>(0);
  Behaviour all =
      hears<Unsubscribe>([asked](Unsubscribe& end, Passing&) { *asked = end.filters.size(); });
  all.sent = each<UnsubAck>([asked](UnsubAck& ack, Passing& passing) {
    for (std::size_t i = 1; i < *asked; ++i) passing.follow(Packet(ack));
  });
  return all;
}

Behaviour answers_what_existed() {
  auto known = std::make_shared<Filters>();
  return both(
      hears_subscriptions(known), hears<Unsubscribe>([known](Unsubscribe& end, Passing& passing) {
        auto& filters = (*known)[client_of(passing)];
        const bool none =
            std::none_of(end.filters.begin(), end.filters.end(),
                         [&](const std::string& filter) { return filters.erase(filter) > 0; });
        if (none) passing.drop();
      }));
}

// Deliveries that have begun end with the subscription.
Behaviour breaks_deliveries_off() {
  auto ended = std::make_shared<std::set<std::string>>();
  const auto over = [ended](Passing& passing) { return ended->contains(client_of(passing)); };
  Behaviour all = hears<Unsubscribe>(
      [ended](Unsubscribe&, Passing& passing) { ended->insert(client_of(passing)); });
  all.sent = both(sends<Publish>([over](Publish& publish, Passing& passing) {
                    if (publish.dup && over(passing)) passing.drop();
                  }),
                  sends<PubRel>([over](PubRel&, Passing& passing) {
                    if (over(passing)) passing.drop();
                  }))
                 .sent;
  return all;
}

Faults ends() {
  return {
      {"ends no subscription",
       "v5/MQTT-3.10.4-1 v5/MQTT-3.10.4-2 v3.1.1/MQTT-3.10.4-1 v3.1.1/MQTT-3.10.4-2",
       hears<Unsubscribe>([](Unsubscribe& end, Passing&) {
         for (auto& filter : end.filters) filter = "mutant/none";
       })},
      {"ends all subscriptions that the filter of an UNSUBSCRIBE matches",
       "v5/MQTT-3.10.4-1 v3.1.1/MQTT-3.10.4-1", ends_what_matches()},
      {"breaks deliveries off when their subscription ends",
       "v5/MQTT-3.10.4-3 v3.1.1/MQTT-3.10.4-3", breaks_deliveries_off()},
      {"sends no UNSUBACK where there was no subscription", "v5/MQTT-3.10.4-5 v3.1.1/MQTT-3.10.4-5",
       answers_what_existed()},
      {"ends the first subscription of an UNSUBSCRIBE only",
       "v5/MQTT-3.10.4-6 v3.1.1/MQTT-3.10.4-6", ends_the_first_filter_only()},
      {"answers each filter of an UNSUBSCRIBE", "v5/MQTT-3.10.4-6 v3.1.1/MQTT-3.10.4-6",
       answers_each_unsubscription()},
  };
}

}  // namespace

Faults subscription_faults() {
  Faults all = formats();
  for (const auto& more : {answers(), effect(), ends()})
    all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace mq::conformance
