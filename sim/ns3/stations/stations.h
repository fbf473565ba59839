// A radio network that ns-3 models itself, between the devices of one link and the site. It carries
// segments of TCP that have passed the device's pipe; its addresses are its own, and nobody outside
// sees them. Who makes one knows ns-3's models; nobody else includes their headers.
#pragma once

#include <ns3/packet.h>

#include <cstddef>
#include <functional>

#include "base/rng.h"
#include "sim/ns3/cell_device.h"
#include "sim/world.h"

namespace mq::sim::cell {

struct StationsHooks {
  std::function<void(std::size_t member, Link::End leads_to, ns3::Ptr<ns3::Packet> segment)>
      arrives;
  std::function<void(std::size_t member, World::Move what, bool begins)> moves;
};

class Stations {
 public:
  virtual ~Stations() = default;
  // Members are numbered from 0, and added before the simulation begins.
  virtual void add_member(Rng rng) = 0;
  // It arrives, or is lost.
  virtual void send(std::size_t member, Link::End leads_to, ns3::Ptr<ns3::Packet> segment) = 0;
};

}  // namespace mq::sim::cell
