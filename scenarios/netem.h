// The nearest that Linux's `tc netem` comes to a link: for people with real hardware.
#pragma once

#include <string>
#include <string_view>

#include "scenarios/plan.h"

namespace mq::scenario {

// A shell script: commands for what the device sends by the interface `device`, and for what comes
// to it; a comment for everything about the link that netem cannot do.
std::string netem_script(const LinkPlan& link, std::string_view device);

}  // namespace mq::scenario
