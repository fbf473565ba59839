// From the trace of a run to what single clients lived through: their connections, their messages,
// and the packets of each message. The way down from the fleet to a packet.
#pragma once

#include <cstddef>
#include <istream>
#include <span>
#include <vector>

#include "reports/results.h"

namespace mq::report {

struct JourneyLimits {
  std::size_t clients_max = 12;
  std::size_t connections_max = 40;    // of each: the first half and the last
  std::size_t messages_max = 30;       // of each: named by evidence, in trouble, slow
  std::size_t packets_max = 16;        // of each message
  std::size_t followed_max = 256;      // messages of a client that are under way at a time
  std::size_t attempts_max = 500'000;  // of the fleet, remembered to know when a message was made
};

// Journeys of the clients that the report shows: those that evidence names, then those that were
// connected least. In the order of the run's clients. What cannot be read ends the reading, not
// the journeys.
std::vector<Journey> follow_journeys(std::istream& events, const Results& results,
                                     const JourneyLimits& limits = {});

}  // namespace mq::report
