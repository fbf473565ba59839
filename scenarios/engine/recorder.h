// Gives what happens its instant and hands it to whoever observes the run.
#pragma once

#include <string>
#include <unordered_map>
#include <utility>

#include "sim/trace/event.h"
#include "sim/world.h"

namespace mq::scenario {

class Recorder {
 public:
  Recorder(const sim::World& world, trace::Observer& sink) : world_(world), sink_(sink) {}

  void record(trace::What what) { sink_.observe({world_.now(), std::move(what)}); }

  // Both ends of a TCP connection know the device's address: that is how the broker's end of a
  // connection gets its client and number.
  void announce(const std::string& address, trace::Connection connection) {
    connections_[address] = connection;
  }
  // Nothing for an address that no device announced.
  const trace::Connection* connection_at(const std::string& address) const {
    auto found = connections_.find(address);
    return found == connections_.end() ? nullptr : &found->second;
  }
  void forget(const std::string& address) { connections_.erase(address); }

 private:
  const sim::World& world_;
  trace::Observer& sink_;
  std::unordered_map<std::string, trace::Connection> connections_;
};

}  // namespace mq::scenario
