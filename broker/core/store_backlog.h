// How much of what the store was asked to keep is not durable yet, in memory that it takes until
// then. A store that falls behind slows down who asks it for more (storing.cc).
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "broker/core/record.h"

namespace mq::broker {

// What a record weighs until it is stored. A message that several sessions are owed is one record.
std::size_t bytes_of(const Record& record);

class StoreBacklog {
 public:
  // In the order of their sequence; records of one event may come as one.
  void add(std::uint64_t sequence, std::size_t bytes);
  void persisted(std::uint64_t upto);
  std::size_t bytes() const { return bytes_; }

 private:
  struct Part {
    std::uint64_t upto;
    std::size_t bytes;
  };
  std::deque<Part> parts_;
  std::size_t bytes_ = 0;
};

}  // namespace mq::broker
