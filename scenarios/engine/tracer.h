// Gives what happens its instant and hands it to whoever observes the run.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <utility>

#include "sim/trace/event.h"
#include "sim/world.h"

namespace mq::scenario {

class Tracer {
 public:
  Tracer(const sim::World& world, trace::Observer& sink) : world_(world), sink_(sink) {}

  void record(trace::What what) { sink_.observe({world_.now(), std::move(what)}); }

  // Both ends of a TCP connection know the device's address: that is how the broker's end of a
  // connection gets its client and number.
  void announce(const std::string& address, trace::Connection connection) {
    connections_[address] = connection;
    auto& attempts = attempts_[connection.client];
    attempts.push_back(address);
    if (attempts.size() <= attempts_remembered) return;
    auto oldest = connections_.find(attempts.front());
    if (oldest != connections_.end() && oldest->second.client == connection.client &&
        oldest->second.number + attempts_remembered <= connection.number)
      connections_.erase(oldest);
    attempts.pop_front();
  }
  // Nothing for an address that no device announced.
  const trace::Connection* connection_at(const std::string& address) const {
    auto found = connections_.find(address);
    return found == connections_.end() ? nullptr : &found->second;
  }

 private:
  // Per device; a connection that the broker accepts is younger than so many attempts.
  static constexpr std::uint32_t attempts_remembered = 64;

  const sim::World& world_;
  trace::Observer& sink_;
  std::unordered_map<std::string, trace::Connection> connections_;
  std::unordered_map<trace::ClientIndex, std::deque<std::string>> attempts_;
};

}  // namespace mq::scenario
