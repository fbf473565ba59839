// Takes everything below load/ and counts: what came, what came again, what came out of order.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "broker/endurance/wire_client.h"

namespace mq::broker {

class Subscriber final : public WireClient {
 public:
  enum class Stays { no, yes };
  Subscriber(std::string name, Qos qos, std::string filter = "load/#", Stays stays = Stays::yes);

  bool is_subscribed() const { return is_subscribed_; }
  bool received(const std::string& publisher, std::uint64_t number) const;
  // The highest number from this publisher.
  std::uint64_t last(const std::string& publisher) const;
  // New messages, on this and all earlier connections.
  std::uint64_t count() const { return count_; }
  // That came before. At QoS 1 that may be, after a crash; at QoS 2 never.
  std::uint64_t repeated() const { return repeated_; }
  std::uint64_t repeated_exactly_once() const { return repeated_exactly_once_; }
  std::uint64_t out_of_order() const { return out_of_order_; }

 private:
  struct From {
    std::vector<bool> numbers;
    std::uint64_t last = 0;
  };

  void welcomed(bool session_present) override;
  void heard(Packet& packet) override;
  void take(const Publish& publish);

  const Qos qos_;
  const std::string filter_;
  bool is_subscribed_ = false;
  std::map<std::string, From, std::less<>> from_;
  std::set<PacketId> open_;  // QoS 2: passed on and not released; outlives connections
  std::uint64_t count_ = 0;
  std::uint64_t repeated_ = 0;
  std::uint64_t repeated_exactly_once_ = 0;
  std::uint64_t out_of_order_ = 0;
};

}  // namespace mq::broker
