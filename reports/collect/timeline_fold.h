// The states of each client over time, and how many clients were connected.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "reports/collect/time_slots.h"
#include "reports/results.h"
#include "sim/trace/event.h"

namespace mq::report {

class TimelineFold {
 public:
  // Memory is bounded by `segments_max` segments in all, but at least 48 a client.
  // Who does not speak MQTT has no line and is not counted. `run` is only looked at here.
  TimelineFold(const trace::RunInfo& run, std::size_t fleet_bins, std::size_t segments_max);

  void observe(const trace::Event& event);

  // Fills `fleet`, `timelines` and `clients_left_out`. `wanted` come first, then the clients that
  // were connected least and some from all over the fleet, until there are `clients_max`.
  void finish(Instant end, std::span<const trace::ClientIndex> wanted, std::size_t clients_max,
              std::size_t segments_max, Series& into);

 private:
  struct Client {
    ClientState state = ClientState::away;
    Instant since;
    ClientTimeline line;
  };
  struct Slot {
    double connected_ns = 0;
    double connecting_ns = 0;
    std::uint32_t connected_min = 0;
    bool touched = false;
  };

  void enter(trace::ClientIndex client, ClientState state, Instant at);
  void integrate_until(Instant at);
  std::vector<std::size_t> choose(std::span<const trace::ClientIndex> wanted,
                                  std::size_t clients_max) const;

  std::vector<Client> clients_;
  std::vector<std::size_t> shown_;  // those that speak MQTT
  Duration whole_;
  std::size_t segments_per_client_;
  TimeSlots slots_;
  std::vector<Slot> fleet_;
  Instant integrated_until_{};
  std::uint32_t connected_ = 0;
  std::uint32_t connecting_ = 0;
};

// Joins segments that lie within one of `slots` equal parts of `whole` into one that is `mixed`, so
// that at most two per slot are left; longer ones keep their exact times.
void thin_out(std::vector<Segment>& segments, Instant end, Duration whole, std::size_t slots);

}  // namespace mq::report
