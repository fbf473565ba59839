// Made-up results of `mqttlab conform`: a broker that keeps everything, or one that deviates.
#pragma once

#include "reports/conform/results.h"

namespace mq::report::testing {

struct DemoConform {
  bool deviates = false;
  bool hostile = false;  // each text of a peer tries to be markup
};
ConformResults demo_conform(const DemoConform& wish);

}  // namespace mq::report::testing
