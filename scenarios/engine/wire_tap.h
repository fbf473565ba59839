// Listens below a layer of TLS, at one end: what that end gives the network, as whole records, so
// that a capture shows what anybody on the way can read.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "transport/layer.h"

namespace mq::scenario {

// OpenSSL hands over a flight of handshake records in pieces of its own, and a network in others:
// what they make up, as whole records.
class WholeRecords {
 public:
  using Hear = std::function<void(std::span<const std::byte>)>;
  explicit WholeRecords(Hear hear) : hear_(std::move(hear)) {}
  void listen(std::span<const std::byte> bytes);

 private:
  Hear hear_;
  std::vector<std::byte> begun_;
};

// `hear` gets one or more whole records, in the order in which they are sent. A record that is not
// finished when the connection ends is not heard.
std::unique_ptr<transport::Layer> wire_tapped(std::unique_ptr<transport::Layer> tls,
                                              std::function<void(std::span<const std::byte>)> hear);

}  // namespace mq::scenario
