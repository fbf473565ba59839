// A message is not passed on for the first time when its expiry interval is over, and whoever gets
// it is told how much of that is left. Serves 3.3.2.3.3 of 5.0.
//
// What counts is when the message reached the broker. A broker that was down may count from its
// start.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "conformance/checks/check.h"
#include "conformance/checks/fleet.h"
#include "conformance/checks/tally.h"

namespace mq::checks {

class ExpiryCheck final : public Check {
 public:
  // `fleet` outlives it and has observed every event before it.
  explicit ExpiryCheck(const Fleet& fleet) : fleet_(fleet) {}

  void observe(const trace::Event& event) override;
  std::vector<Finding> finish(Instant end) override;

  // Messages with an expiry that are remembered; of older ones nothing is said.
  static constexpr std::size_t messages_max = 16'384;

 private:
  struct Perishable {
    Instant arrived;
    std::uint32_t seconds;
    bool came_again;
  };
  struct Hash {
    std::size_t operator()(const trace::Stamp& stamp) const {
      std::uint64_t mixed = stamp.number * 0x9e3779b97f4a7c15ULL;
      mixed ^= static_cast<std::uint64_t>(stamp.publisher) * 0xc2b2ae3d27d4eb4fULL;
      return static_cast<std::size_t>(mixed ^ (mixed >> 29));
    }
  };

  // Of PUBLISH packets: what the broker has given to its system, and the client has not got.
  struct UnderWay {
    std::uint32_t connection = 0;
    std::size_t bytes = 0;
    bool is_watched = false;  // what the client gets is seen
  };

  UnderWay& under_way(trace::Connection connection);  // of a known client
  void on_received(const trace::PacketSeen& seen);
  bool goes_behind_others(const trace::PacketSeen& seen, const Publish& publish);
  void on_arrival(const Publish& publish, Instant at);
  void on_sent(const trace::PacketSeen& seen, const Publish& publish, Instant at);

  const Fleet& fleet_;
  boost::unordered_flat_map<trace::Stamp, Perishable, Hash> messages_;
  std::deque<trace::Stamp> order_;
  std::vector<UnderWay> under_way_;  // by client
  Instant started_{};
  Tally tally_;
};

}  // namespace mq::checks
