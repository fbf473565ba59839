// Chance of OpenSSL that a seed decides: keys, nonces and signatures of a simulated world are the
// same in every run. While a SeededRandom is alive, what this thread asks of OpenSSL's random
// generator comes from its Rng; other threads, and this one at other times, have the real one.
// Never for a connection of the real world.
#pragma once

#include "base/rng.h"

namespace mq::transport {

class SeededRandom {
 public:
  // Nothing: the real one.
  explicit SeededRandom(Rng* rng);
  ~SeededRandom();
  SeededRandom(const SeededRandom&) = delete;
  SeededRandom& operator=(const SeededRandom&) = delete;

 private:
  Rng* const before_;
};

}  // namespace mq::transport
