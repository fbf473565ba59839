// A plan for brokers that know less than its author hoped: everybody speaks MQTT 3.1.1.
#pragma once

#include "scenarios/plan.h"

namespace mq::scenario {

// What only 5.0 has is left out: the delay of a will, the options of a subscription. A session that
// outlives its connection does so for ever.
void speak_3_1_1(Plan& plan);
bool speaks_5(const Plan& plan);

}  // namespace mq::scenario
