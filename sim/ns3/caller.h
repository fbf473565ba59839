// Calls from outside: somebody beyond the carrier's border begins TCP connections to devices. They
// are segments by hand, repeated as TCP repeats them; a device on which a service listens answers
// the first that reaches it.
#pragma once

#include <ns3/nstime.h>
#include <ns3/tcp-header.h>

#include <cstdint>
#include <functional>
#include <map>

#include "sim/ns3/cell_device.h"
#include "sim/tcp_preset.h"
#include "sim/world.h"

namespace mq::sim::cell {

class Caller {
 public:
  static constexpr std::uint16_t service_port = 443;  // of a device

  explicit Caller(Air& air) : air_(air) {}

  void call(DeviceId device, const TcpSettings& settings, std::function<void(bool)> tell);
  // A segment for the service of a device, or from it, that belongs to no connection of a client.
  // True if it was one.
  static bool is_for_service(const ns3::TcpHeader& header) {
    return header.GetDestinationPort() == service_port;
  }
  static bool is_from_service(const ns3::TcpHeader& header) {
    return header.GetSourcePort() == service_port;
  }
  static ns3::TcpHeader answer_of_service(const ns3::TcpHeader& header);
  void is_answered(std::uint16_t port);

 private:
  struct Call {
    DeviceId device;
    const TcpSettings* settings;
    std::function<void(bool)> tell;
    std::uint32_t tries = 0;
  };
  void ring(std::uint16_t port);
  void end(std::uint16_t port, bool answered);

  Air& air_;
  std::map<std::uint16_t, Call> calls_;  // by the caller's port
  std::uint16_t last_port_ = 20'000;
};

}  // namespace mq::sim::cell
