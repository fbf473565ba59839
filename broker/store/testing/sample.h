// Records for tests of stores.
#pragma once

#include <memory>
#include <string>

#include "broker/core/record.h"

namespace mq::broker::sample {

inline SaveMessage message(std::uint64_t number, const std::string& payload = "payload") {
  auto made = std::make_shared<Message>();
  made->topic = "a/topic";
  made->payload = Bytes::copy(payload);
  made->qos = Qos::at_least_once;
  return {MessageNumber{number}, std::move(made)};
}

inline SaveSession session(const std::string& id) {
  return {id, Version::v5, std::chrono::seconds(60), {}, {}};
}

inline SaveDelivery delivery(const std::string& id, std::uint64_t position, std::uint64_t message) {
  return {.client_id = id,
          .position = position,
          .message = MessageNumber{message},
          .qos = Qos::at_least_once,
          .retain = false,
          .packet_id = PacketId::none,
          .phase = SaveDelivery::Phase::queued,
          .subscription_identifiers = {},
          .share = {}};
}

// One of every kind, with every field set.
inline std::vector<Record> one_of_each() {
  auto full = std::make_shared<Message>();
  full->topic = "a/topic";
  full->payload = Bytes::copy(std::string("\0\1\2", 3));
  full->qos = Qos::exactly_once;
  full->retain = true;
  full->expires_at = Instant(std::chrono::seconds(90));
  full->properties.add(PropertyId::payload_format_indicator, 1u);
  full->properties.add(PropertyId::content_type, std::string("text"));
  full->properties.add(PropertyId::correlation_data, Bytes::copy("key"));
  full->properties.add_user("a", "b");
  full->properties.add_user("a", "");
  full->author = {"ann", "the one who said so"};
  SaveSubscription subscription{"s", {"a/#", {}}, 7};
  subscription.entry.options = {.qos = Qos::exactly_once,
                                .no_local = true,
                                .retain_as_published = true,
                                .retain_handling = RetainHandling::do_not_send};
  SaveDelivery owed = delivery("s", 5, 1);
  owed.qos = Qos::exactly_once;
  owed.retain = true;
  owed.packet_id = PacketId{65535};
  owed.phase = SaveDelivery::Phase::published;
  owed.subscription_identifiers = {1, 268'435'455};
  owed.share = "$share/g/t";
  SaveWill will{"s", {}, Instant(std::chrono::seconds(5))};
  will.will = {.topic = "w",
               .payload = Bytes::copy("gone"),
               .qos = Qos::at_least_once,
               .retain = true,
               .properties = {}};
  will.user = "ann";
  will.will.properties.add(PropertyId::will_delay_interval, 10u);
  return {SaveMessage{MessageNumber{1}, full},
          SaveSession{"s", Version::v3_1_1, std::chrono::seconds(0xFFFFFFFF),
                      Instant(std::chrono::seconds(3)), "ann"},
          subscription,
          owed,
          SaveIncoming{"s", PacketId{9}},
          SaveRetained{"a/topic", MessageNumber{1}},
          will};
}

}  // namespace mq::broker::sample
