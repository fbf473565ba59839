// The topics below $SYS/broker under mosquitto's names, made of what the core counts. Only what
// has changed is published again.
#pragma once

#include <array>
#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "broker/core/broker.h"

namespace mq::broker {

class SysTopics {
 public:
  explicit SysTopics(std::string version) : version_(std::move(version)) {}

  // `uptime` since the start, and never less than the last time.
  std::vector<Announce> update(const Broker::Census& census, std::chrono::milliseconds uptime);
  // Takes all of it back.
  std::vector<Announce> withdraw();

 private:
  // A count per minute, averaged with weights that fade over 1, 5 and 15 minutes.
  struct Load {
    std::uint64_t last = 0;
    std::array<double, 3> average{};
  };

  void say(const std::string& topic, std::string value);
  void say(const std::string& topic, std::uint64_t value) { say(topic, std::to_string(value)); }
  void say_load(const std::string& topic, std::uint64_t count, double minutes);
  void say_counts(const Broker::Census& census);
  void say_loads(const Broker::Census& census, double minutes);

  const std::string version_;
  std::map<std::string, std::string> said_;
  std::map<std::string, Load> loads_;
  std::vector<Announce> changed_;
  std::chrono::milliseconds last_{0};
  std::size_t heap_most_ = 0;
};

}  // namespace mq::broker
