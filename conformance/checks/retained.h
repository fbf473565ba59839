// A new subscription brings the last retained value of each topic that it matches, with the RETAIN
// flag; nothing older, nothing after a clear, nothing that was not asked for. Serves 3.3.1.3 of
// both standards.
//
// What the broker holds is known only within bounds: a value surely holds when its publisher has
// been told so (QoS 0: when it reached the broker), and it may hold from the moment it was sent.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/fetch.h"
#include "conformance/checks/check.h"
#include "conformance/checks/fleet.h"
#include "conformance/checks/latency_histogram.h"
#include "conformance/checks/tally.h"

namespace mq::checks {

class RetainedCheck final : public Check {
 public:
  // `fleet` outlives it and has observed every event before it.
  explicit RetainedCheck(Fleet& fleet) : fleet_(fleet), clients_(fleet.size()) {}

  void observe(const trace::Event& event) override;
  std::vector<Finding> finish(Instant end) override;

  // How old a value was when it came to a new subscription.
  const LatencyHistogram& staleness() const { return staleness_; }
  std::uint64_t delivered() const { return delivered_; }
  // Asks for what the next event of this client will touch.
  void fetch(ClientIndex client) const { mq::fetch(&clients_[static_cast<std::size_t>(client)]); }
  // Values and expectations in memory, for tests of the bound.
  std::size_t held() const;

 private:
  // A value that a topic may hold; one without a stamp clears it.
  struct Value {
    std::optional<trace::Stamp> stamp;
    ClientIndex publisher{};
    std::uint64_t order = 0;  // of sending, over the whole run
    Qos qos = Qos::at_most_once;
    bool perishable = false;
    Instant sent;
    std::optional<Instant> in_force;  // surely, since
  };
  struct Topic {
    std::vector<Value> values;  // that it may hold, in the order of sending
    std::vector<std::pair<ClientIndex, std::uint64_t>> last_sent;  // number, by publisher
    bool unknown = false;  // a crash may have lost the value: until the next one is in force
  };
  // What a subscription is to bring from one topic.
  struct Awaited {
    FilterId filter{};
    Instant asked;
    std::optional<Instant> granted;
    bool must = false;            // else it may come
    bool alone = false;           // no other subscription of the client matches
    bool may_be_renewed = false;  // the subscription may be older than `asked`
    Qos qos = Qos::at_most_once;
    bool unknown = false;  // a crash may have lost the value before
    std::vector<trace::Stamp> acceptable;
    std::vector<std::pair<ClientIndex, std::uint64_t>> newer_than;
  };
  struct Client {
    std::unordered_map<std::uint32_t, Awaited> awaited;                             // by topic
    std::vector<std::pair<PacketId, std::pair<TopicId, std::uint64_t>>> in_flight;  // by order
    std::vector<std::pair<std::uint32_t, TopicId>> aliases;
    Instant last_copy;
    std::optional<TopicId> will;  // the topic of its last will that is retained
  };

  void on(const trace::PacketSeen& seen, Instant at);
  void on(const trace::Delivered& delivered, Instant at);
  void on_broker_down();
  void on_changes(Instant at);

  void on_sent(ClientIndex publisher, const Publish& publish, Instant at);
  void on_answer(ClientIndex publisher, PacketId packet_id, ReasonCode reason, Instant at);
  void on_at_broker(ClientIndex publisher, const Publish& publish, Instant at);
  void in_force(Topic& topic, std::uint64_t order, Instant at);
  std::optional<TopicId> topic_of(ClientIndex publisher, const Publish& publish);
  Topic* find(TopicId topic);

  void on_subscribing(const Subscribing& subscribing, Instant at);
  void await(const Subscribing& subscribing, TopicId topic, Instant at);
  void on_granted(const Granted& granted, Instant at);
  void on_connection_over(ClientIndex client);
  void on_copy(ClientIndex client, TopicId topic, const std::optional<trace::Stamp>& stamp,
               bool again, Instant at);
  void on_live(ClientIndex client, TopicId topic, const Publish& publish, const trace::Stamp& stamp,
               Instant at);
  void blame_flag(ClientIndex client, TopicId topic, const trace::Stamp& stamp, Instant at,
                  const std::string& why);
  void blame_missing(ClientIndex client, TopicId topic, const Awaited& awaited, Instant at);
  // Whether a retained message that had to come would have come by now.
  bool is_overdue(ClientIndex client, const Awaited& awaited) const;
  std::vector<std::uint32_t> topics_awaited(ClientIndex client) const;  // ascending

  Fleet& fleet_;
  std::vector<Topic> topics_;  // by TopicId, those seen retained
  std::vector<Client> clients_;
  std::uint64_t order_ = 0;
  std::uint64_t delivered_ = 0;
  LatencyHistogram staleness_;
  Tally tally_;
};

}  // namespace mq::checks
