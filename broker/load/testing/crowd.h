// Very many clients of one broker, through any transport, from one thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "broker/load/testing/tested_broker.h"

namespace mq::broker {

class Crowd {
 public:
  struct Errand {
    std::string says;   // in MQTT, when its connection stands
    std::string hears;  // within the answer, and then all is said
  };

  Crowd(const TestedBroker& broker, Through through);
  ~Crowd();  // all leave

  // So many more come, 64 at a time, and stay when they have heard their answer. False if one did
  // not within `patience`, or was thrown out.
  bool come(std::size_t count, const std::function<Errand(std::size_t index)>& errand,
            std::chrono::seconds patience);
  std::size_t thrown_out() const;

 private:
  class Body;
  std::unique_ptr<Body> body_;
};

// A CONNECT of 5.0 with a clean start, and a SUBSCRIBE with its answer.
std::string connect_packet(const std::string& client_id, std::uint32_t session_expiry = 0);
std::string subscribe_packet(const std::string& filter, int qos);
std::string suback_packet(int qos);

}  // namespace mq::broker
