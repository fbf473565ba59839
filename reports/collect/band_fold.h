// When each fault was on, and when the broker was down.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "reports/results.h"
#include "sim/trace/event.h"

namespace mq::report {

class BandFold {
 public:
  explicit BandFold(std::size_t bands_max) : bands_max_(bands_max) {}

  void observe(const trace::Event& event);
  void finish(Instant end, Series& into);

 private:
  std::size_t bands_max_;
  std::vector<Band> bands_;
  std::vector<Band> broker_down_;
  struct Open {
    Instant from;
    std::uint32_t times;  // that it is on now: of several clients, one after another
  };
  std::map<std::size_t, Open> open_;  // by fault
  std::optional<Instant> down_since_;
  std::optional<Instant> calm_from_;
};

// Joins neighbours of the same fault, those with the smallest gaps first, until at most `max` are
// left, or no two belong to the same fault.
void merge_bands(std::vector<Band>& bands, std::size_t max);

}  // namespace mq::report
