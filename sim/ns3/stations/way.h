// Where a device is that drives along the stations: from the first to the last and back, for ever,
// on a line beside them.
#pragma once

#include <ns3/mobility-model.h>

namespace mq::sim::cell {

class Way final : public ns3::MobilityModel {
 public:
  struct Course {
    double metres = 1;    // from end to end
    double start = 0;     // of the way there and back
    double speed = 0;     // metres per second
    double distance = 0;  // of its line from that of the stations
    double height = 0;
  };

  static ns3::TypeId GetTypeId();
  explicit Way(const Course& course) : course_(course) {}

 private:
  double there_and_back() const;  // how far on the way there and back
  ns3::Vector DoGetPosition() const override;
  ns3::Vector DoGetVelocity() const override;
  void DoSetPosition(const ns3::Vector&) override {}

  Course course_;
};

}  // namespace mq::sim::cell
