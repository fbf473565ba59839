#include "sim/ns3/stations/way.h"

#include <ns3/simulator.h>

#include <cmath>

namespace mq::sim::cell {

ns3::TypeId Way::GetTypeId() {
  static const ns3::TypeId id = ns3::TypeId("mq::sim::cell::Way").SetParent<ns3::MobilityModel>();
  return id;
}

double Way::there_and_back() const {
  return std::fmod(course_.start + course_.speed * ns3::Simulator::Now().GetSeconds(),
                   2 * course_.metres);
}

ns3::Vector Way::DoGetPosition() const {
  const double driven = there_and_back();
  const double along = driven <= course_.metres ? driven : 2 * course_.metres - driven;
  return {along, course_.distance, course_.height};
}

ns3::Vector Way::DoGetVelocity() const {
  return {there_and_back() <= course_.metres ? course_.speed : -course_.speed, 0, 0};
}

}  // namespace mq::sim::cell
