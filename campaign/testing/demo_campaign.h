// Made-up campaigns with results, to test reports and to look at them.
#pragma once

#include <memory>
#include <string>

#include "campaign/plan.h"
#include "campaign/summary.h"

namespace mq::campaign::testing {

struct DemoWish {
  std::uint64_t seeds = 20;
  bool broken = true;
  bool hostile = false;    // what a stranger writes looks like markup
  bool latin = false;      // a hypercube instead of a grid
  std::uint32_t more = 1;  // so many values of a further parameter
  std::uint32_t left = 0;  // runs that are not there yet
};

struct Demo {
  std::unique_ptr<Plan> plan;
  std::unique_ptr<Summary> summary;
};

// Loss times latency times keep alive, with two brokers: where loss and latency are high and the
// keep alive is short, promises break.
Demo demo_campaign(const DemoWish& wish);

}  // namespace mq::campaign::testing
