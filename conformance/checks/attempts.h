// When each message was handed to its client, and each value of an HTTP member taken, for the
// latest of each client: a delivery is measured from there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "base/time.h"
#include "sim/trace/event.h"

namespace mq::checks {

class Attempts {
 public:
  // Of `clients` clients `all_max` are remembered, an equal share of each, but at least `each_min`.
  Attempts(std::size_t clients, std::size_t all_max, std::size_t each_min = 256);

  void add(const trace::Stamp& stamp, Instant at);
  std::optional<Instant> of(const trace::Stamp& stamp) const;
  // It was one that is no longer remembered.
  bool is_forgotten(const trace::Stamp& stamp) const;

 private:
  struct Publisher {
    std::uint64_t first = 0;  // number of attempts.front()
    std::deque<Instant> attempts;
  };
  const Publisher* publisher(const trace::Stamp& stamp) const;

  std::vector<Publisher> publishers_;
  std::size_t each_max_;
};

}  // namespace mq::checks
