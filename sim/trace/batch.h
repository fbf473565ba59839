// Hands events on a few dozen at a time. A simulation and those who judge it are each too large for
// a processor's first caches: in turns of one event each would fetch its code and its state anew
// every time, in turns of many it does so once, and can ask ahead for what the next events need.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "protocol/packet.h"
#include "sim/trace/event.h"

namespace mq::trace {

// Who may hear of events later than they happen.
class BatchObserver : public Observer {
 public:
  // In their order; the same as if each were observed alone.
  virtual void observe_all(std::span<const Event> events) = 0;
};

// Keeps copies of events and of what they point to until there are enough, or flush().
class Batch final : public Observer {
 public:
  static constexpr std::size_t events_max = 64;
  static constexpr std::size_t bytes_max = 32 * 1024;  // of wire and texts; larger ones go at once

  explicit Batch(BatchObserver& next);  // outlives this
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  void observe(const Event& event) override;
  void flush();

 private:
  void keep(const Event& event);
  std::span<const std::byte> keep(std::span<const std::byte> bytes);
  std::string_view keep(std::string_view text);

  BatchObserver& next_;
  std::vector<Event> events_;
  std::vector<Packet> packets_;  // by place of their event
  std::vector<std::byte> bytes_;
};

// Whose event it is: in a batch, what will be touched.
std::optional<ClientIndex> client_of(const Event& event);

}  // namespace mq::trace
