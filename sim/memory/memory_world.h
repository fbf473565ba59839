// The memory world: delay, jitter, loss, rate and cuts, but no TCP. Bytes arrive in order or wait;
// a lost packet costs the time of one retransmission; a link that is down makes bytes wait until it
// is back, or until the sender gives up. A value without globals: run thousands in one process.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/time.h"
#include "sim/world.h"

namespace mq::sim {

struct MemoryLimits {
  std::size_t send_buffer_bytes = 128 * 1024;     // written and not yet arrived
  std::size_t receive_buffer_bytes = 128 * 1024;  // arrived and not yet read
  std::size_t packet_bytes = 1448;
  std::size_t header_bytes = 52;  // of IP and TCP, for traffic() and the rate
  // As Linux: 15 retransmissions come to about 924 s, 6 of a SYN to 127 s.
  Duration give_up_after = std::chrono::seconds(924);
  Duration give_up_connecting_after = std::chrono::seconds(127);
  // What one loss costs, on top of a round trip.
  Duration retransmission = std::chrono::milliseconds(200);
};

class MemoryWorld final : public World {
 public:
  explicit MemoryWorld(std::uint64_t seed, const MemoryLimits& limits = {});
  ~MemoryWorld() override;

  Instant now() const override;
  TimerId call_at(Instant when, std::function<void()> what) override;
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
  void run_until(Instant end) override;
  void stop() override;
  std::uint64_t chance_digest() const override;
  Traffic traffic(DeviceId device) const override;

  // Connections that the world still holds anything for: none of them leaks.
  std::size_t connections_alive() const;

 private:
  struct State;
  class End;
  std::unique_ptr<State> state_;
};

}  // namespace mq::sim
