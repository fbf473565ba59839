// What all devices of a run share.
#pragma once

#include "base/time.h"
#include "client/core/client.h"
#include "scenarios/engine/fleet_transports.h"
#include "scenarios/engine/tracer.h"
#include "sim/stream.h"
#include "sim/world.h"

namespace mq::scenario {

struct FleetContext {
  sim::World& world;
  sim::StreamLoop& loop;
  Tracer& tracer;
  Instant storm_ends;
  client::Fault fault;
  FleetTransports& transports;
};

}  // namespace mq::scenario
