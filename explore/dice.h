// Chance with the words in which a draw is thought of.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/rng.h"

namespace mq::explore {

class Dice {
 public:
  explicit Dice(Rng rng) : rng_(rng) {}

  bool one_in(std::uint64_t n) { return rng_.below(n) == 0; }
  std::uint64_t between(std::uint64_t least, std::uint64_t most) {
    return least + rng_.below(most - least + 1);
  }
  // Between the two, each order of magnitude as likely as another.
  double spread(double least, double most) { return least * std::pow(most / least, rng_.unit()); }
  template <class T, std::size_t N>
  const T& of(const std::array<T, N>& choices) {
    return choices[rng_.below(N)];
  }
  template <class T>
  const T& of(const std::vector<T>& choices) {
    return choices[rng_.below(choices.size())];
  }

 private:
  Rng rng_;
};

}  // namespace mq::explore
