// A broker of this machine that its adapter can run in virtual time, ready to be started.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "peers/adapter.h"
#include "sim/external/external_backend.h"

namespace mq::cli {

struct VirtualBroker {
  std::uint64_t seed = 1;
  std::vector<std::string> settings;        // of the adapter: "durable"
  std::string log_file;                     // what it prints is appended; empty: a file of its own
  std::vector<std::string> listeners;       // beside "mqtt": "mqtts", "ws"
  bool has_disk = false;                    // its power may fail
  bool takes_time = true;                   // see sim::ExternalBroker
  std::string certificate, key, authority;  // PEM texts for "mqtts"
};

// Its fresh directory goes with it. Throws peers::PeerError, std::system_error, and
// std::invalid_argument for one that cannot be run in virtual time.
std::unique_ptr<sim::ExternalBackend> virtual_broker(const peers::Adapter& adapter,
                                                     const VirtualBroker& wanted);

}  // namespace mq::cli
