// Our own client core as what is tested: in the memory world, in virtual time, each case with a
// world and a client of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "client/core/client.h"
#include "conformance/runner/verdict.h"
#include "transport/layer.h"

namespace mq::conformance {

// For tests that want to see a case fail: a client that does otherwise.
struct Meddling {
  std::function<void(client::Settings&)> settings;
  // What leaves, packet by packet, and what it hears, as it comes.
  std::function<std::vector<std::byte>(std::span<const std::byte> packet)> sends;
  std::function<std::vector<std::byte>(std::span<const std::byte> bytes)> hears;
  // How often its application is told something; what is told may be changed.
  std::function<void(std::string& word, std::vector<std::pair<std::string, std::string>>& fields,
                     int& times)>
      tells;
  // Instead of its half of WebSocket.
  std::function<std::unique_ptr<transport::Layer>(std::unique_ptr<transport::Layer> layer)>
      web_socket;
  bool never_closes = false;    // and says no DISCONNECT
  bool keeps_open = false;      // says DISCONNECT, and does not close
  bool sends_whatever = false;  // what it is told to publish or to subscribe to, as it stands
};

Outcome play_against_our_client(const Case& one, std::uint64_t seed, const Meddling& meddling = {});

}  // namespace mq::conformance
