// A packet of TCP on its way over a device's link.
#pragma once

#include <ns3/event-impl.h>
#include <ns3/ipv4-address.h>
#include <ns3/packet.h>

#include <cstddef>
#include <cstdint>
#include <utility>

#include "sim/ns3/cell_device.h"

namespace mq::sim::cell {

class Arrival final : public ns3::EventImpl {
 public:
  // Data is for the user of the end, too; the rest is TCP's alone.
  enum class Carries : std::uint8_t { nothing, data };
  Arrival(const Device::Way& way, ns3::Ptr<ns3::Packet> packet, ns3::Ipv4Address from,
          ns3::Ipv4Address to, std::uint16_t port, Carries carries)
      : way_(way),
        packet_(std::move(packet)),
        from_(from),
        to_(to),
        port_(port),
        carries_(carries) {}

  // Called with the number of events that will happen before this one, while that goes from 5 to 1,
  // unless it was scheduled later than that. What the call before it fetched may be read.
  void foresee(std::size_t events_before) const;

 protected:
  void Notify() override;

 private:
  Device::Way way_;
  ns3::Ptr<ns3::Packet> packet_;
  ns3::Ipv4Address from_, to_;
  std::uint16_t port_;  // the device's
  Carries carries_;
};

}  // namespace mq::sim::cell
