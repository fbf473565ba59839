// One case over the sockets of a simulated world: joins a play to connections of devices, whoever
// the broker behind the world is and however many cases are played in it at a time. Callbacks of
// the world are told to the play; what the play wants is done once they have returned.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "conformance/runner/play.h"
#include "sim/alarm.h"
#include "sim/world.h"

namespace mq::conformance {

class SimulatedCase {
 public:
  // `one` and `world` outlive this. `over` is called once, within run_until(); this may not be
  // destroyed in it. Each connection has a device of its own as long as there are some.
  SimulatedCase(const Case& one, Surroundings around, sim::World& world,
                std::vector<sim::DeviceId> devices, std::function<void()> over);
  SimulatedCase(const SimulatedCase&) = delete;
  SimulatedCase& operator=(const SimulatedCase&) = delete;

  void start();  // within run_until()
  void abandon(const std::string& why);
  Leftovers leftovers() const { return play_.leftovers(); }
  Outcome take_outcome() { return play_.take_outcome(); }
  // All of its devices, and those whose link carries nothing any more.
  const std::vector<sim::DeviceId>& devices() const { return devices_; }
  std::vector<sim::DeviceId> vanished() const;

 private:
  void act();
  void open(const OpenLink& open);
  std::size_t free_device() const;
  void vanish(LinkNumber link);
  void read(LinkNumber link);
  void send(const SendOnLink& send);
  void flush(LinkNumber link);
  void end(const EndLink& end);
  void finish(LinkNumber link, HowToEnd how);

  sim::World& world_;
  Play play_;
  const std::vector<sim::DeviceId> devices_;
  const std::function<void()> over_;
  bool is_over_ = false;
  std::map<LinkNumber, std::unique_ptr<sim::Socket>> sockets_;
  std::map<LinkNumber, std::size_t> device_of_;
  std::set<std::size_t> vanished_;
  std::map<LinkNumber, std::vector<std::byte>> waiting_;
  std::map<LinkNumber, HowToEnd> closing_;
  sim::Alarm alarm_;
};

}  // namespace mq::conformance
