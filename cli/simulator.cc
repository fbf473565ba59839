#include "cli/simulator.h"

#include <cerrno>
#include <cstring>

#include "installation/installation.h"

namespace mq::cli {

std::string program_of(Simulator simulator) {
  switch (simulator) {
    case Simulator::memory:
      return program_beside("mqttlab");
    case Simulator::ns3:
      return program_beside("mqttlab-sim");
    case Simulator::radio:
      return program_beside("mqttlab-radio-sim");
  }
  return {};
}

std::string not_started(Simulator simulator, int error) {
  std::string why = program_of(simulator) + " cannot be started: " + std::strerror(error);
  if (error != ENOENT || simulator == Simulator::memory) return why;
  if (simulator == Simulator::ns3)
    return why + " (this build has no ns-3 world; --world memory needs none)";
  return why + " (links with `lte` or `wifi` need it, and this build does not have it)";
}

}  // namespace mq::cli
