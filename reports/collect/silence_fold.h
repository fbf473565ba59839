// How punctually the broker lets go of clients that have fallen silent (v5 MQTT-3.1.2-22, v3.1.1
// MQTT-3.1.2-24): each connection that it closes itself a keep alive or more after the last packet.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "reports/results.h"
#include "sim/trace/event.h"

namespace mq::report {

class SilenceFold {
 public:
  explicit SilenceFold(const trace::RunInfo& run);

  void observe(const trace::Event& event);
  void finish(Series& into) const;

 private:
  // A connection as the broker sees it.
  struct Heard {
    std::uint32_t number = 0;           // 0: none
    Instant last{};                     // a packet came
    std::chrono::seconds keep_alive{};  // as the broker wants it
  };
  // A device may come anew before the broker misses it: the last two.
  struct Client {
    std::chrono::seconds keep_alive{};
    Instant connect{};  // came last
    Heard now;
    Heard before;
  };

  void packet(const trace::PacketSeen& packet, Instant at);
  void closed(const trace::LinkClosed& closed, Instant at);

  std::vector<Client> clients_;
  std::vector<Duration> late_;  // the first of them; the middle is exact
  SilentDrops drops_;
};

}  // namespace mq::report
