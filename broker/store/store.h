// Where the broker's records are kept. Narrow on purpose: the core says what to keep, a driver
// carries it here, and a store knows nothing of MQTT beyond which record replaces which.
//
// A driver appends all that one Broker::handle() emits, drains poll(), and only then commits:
// records of one handle() belong together, and a store makes all of them durable or none.
#pragma once

#include <cstdint>

#include "broker/core/record.h"

namespace mq::broker {

// What a commit survives.
enum class Durability : std::uint8_t {
  none,     // nothing: a restart begins empty
  process,  // the end of the process, not of the machine
  power,    // a power failure
};

class Store {
 public:
  virtual ~Store() = default;

  // `sequence` as in Persist: 1, 2, 3, ... anew after each recover().
  virtual void append(std::uint64_t sequence, Record record) = 0;
  // Makes durable what was appended; the answer is for Persisted. Nothing appended since the last
  // commit: the same answer again.
  virtual std::uint64_t commit() = 0;
  // What is left, for a new Broker; to be called before the first append().
  virtual Recovered recover() = 0;
};

}  // namespace mq::broker
