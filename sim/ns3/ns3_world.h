// The ns-3 world: real TCP dynamics over access links of our own. ns-3's simulator is a global, so
// there is one of these at a time in a process, and it belongs to the thread that made it.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/rng.h"
#include "sim/world.h"

namespace mq::sim {

namespace link {
struct StationsModel;
}
namespace cell {
class Stations;
struct StationsHooks;
}  // namespace cell

// Makes what ns-3 itself models of a radio network (stations/stations.h).
using MakeStations = std::unique_ptr<cell::Stations> (*)(const link::StationsModel& model,
                                                         cell::StationsHooks hooks);

struct Ns3Limits {
  // Devices that share a base station, and with it one list of TCP end points.
  std::size_t devices_per_cell = 32;
};

class Ns3World final : public World {
 public:
  // Without `make_stations` no device may have a link with stations.
  explicit Ns3World(std::uint64_t seed, const Ns3Limits& limits = {},
                    MakeStations make_stations = nullptr);
  ~Ns3World() override;

  Instant now() const override;
  TimerId call_at(Instant when, std::function<void()> what) override;
  TimerId call_device_at(DeviceId device, Instant when, std::function<void()> what) override;
  void cancel(TimerId timer) override;
  DeviceId add_device(std::string_view name, const LinkModel& link) override;
  std::unique_ptr<Socket> connect(DeviceId from) override;
  void accept_with(Accept accept) override;
  void set_site_power(bool is_on) override;
  void set_link(DeviceId device, bool up_works, bool down_works) override;
  void change_address(DeviceId device) override;
  void call(DeviceId device, std::function<void(bool answered)> tell) override;
  void trouble(DeviceId device, const Trouble& up, const Trouble& down) override;
  void break_connections(DeviceId device, Break how) override;
  void forget_connections(DeviceId device, link::Expiry then) override;
  void hear_moves(std::function<void(const Moved&)> hear) override;
  void run_until(Instant end) override;
  void stop() override;
  std::uint64_t chance_digest() const override;
  Traffic traffic(DeviceId device) const override;

  // Ends of connections that TCP or a user still holds.
  std::size_t connections_alive() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mq::sim
