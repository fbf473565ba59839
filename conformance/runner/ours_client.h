// Our own client core as what is tested: in the memory world, in virtual time, each case with a
// world and a client of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "client/core/client.h"
#include "conformance/runner/verdict.h"

namespace mq::conformance {

// For tests that want to see a case fail: a client that does otherwise.
struct Meddling {
  std::function<void(client::Settings&)> settings;
  // What leaves, packet by packet, and what it hears, as it comes.
  std::function<std::vector<std::byte>(std::span<const std::byte> packet)> sends;
  std::function<std::vector<std::byte>(std::span<const std::byte> bytes)> hears;
  bool never_closes = false;  // and says no DISCONNECT
};

Outcome play_against_our_client(const Case& one, std::uint64_t seed, const Meddling& meddling = {});

}  // namespace mq::conformance
