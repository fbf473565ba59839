// Joins a world's broker site to what stands behind it: accepts, moves bytes both ways with the
// back-pressure of both, lets the broker work once per instant, and keeps its next deadline. A
// broker whose work takes time (BrokerBackend::took) is left alone meanwhile.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "sim/backend.h"
#include "sim/world.h"

namespace mq::sim {

class BrokerHost {
 public:
  // Both outlive the host. Nobody is accepted before start().
  BrokerHost(World& world, BrokerBackend& broker);
  ~BrokerHost();
  BrokerHost(const BrokerHost&) = delete;
  BrokerHost& operator=(const BrokerHost&) = delete;

  // The process starts (again) and takes connections. Within run_until().
  void start();
  // The broker is gone. With its process its sockets are closed and new connections refused; with
  // its machine nobody is told anything until start().
  void kill(Crash how);

  // Its process stands still, as for a long collection of garbage: its kernel goes on, takes
  // connections and bytes as far as there is room, and sends what it was given. Until resume(),
  // kill() or start().
  void pause();
  void resume();
  // It has a reason to work that no link and no deadline tells of.
  void wake() { request_step(); }

  std::size_t links() const { return links_.size(); }

 private:
  struct Link {
    std::unique_ptr<Socket> socket;
    std::vector<std::byte> to_broker;  // read from the socket, not taken by the broker yet
    std::vector<std::byte> to_peer;    // read from the broker, not taken by the socket yet
    bool peer_ended = false;           // and the broker knows
    bool failed = false;               // the socket is dead, and the broker knows
    bool broker_closed = false;
    bool broker_reset = false;
    int times_readable = 0;   // up to told_after
    bool is_waiting = false;  // in waiting_
  };

  void hear_of(BackendLink id, Link& link);
  void failed(BackendLink id, Link& link);
  void wait(BackendLink id, Link& link);
  void accept(std::unique_ptr<Socket> socket, const std::string& peer);
  void take_from_peer(BackendLink id, Link& link);
  void take_from_broker(BackendLink id, Link& link);
  bool is_over(const Link& link) const;
  void close_all();
  void touch(BackendLink id);
  bool is_left_alone() const { return paused_ || busy_; }
  void go_on();
  void request_step();
  void step();
  void let_wait(std::unique_ptr<Socket> socket, const std::string& peer);
  void be_busy(Duration length);
  void give(std::optional<Instant> deadline);
  void settle(BackendLink id);
  void keep_deadline(std::optional<Instant> deadline);

  World& world_;
  BrokerBackend& broker_;
  boost::unordered_flat_map<BackendLink, std::unique_ptr<Link>> links_;
  std::vector<BackendLink> touched_;  // since the last step: these are settled after the next
  bool running_ = false;
  // What came while it stood still, in order.
  struct Waiting {
    std::unique_ptr<Socket> socket;  // a new connection, or nothing and news of a link
    std::string peer;
    BackendLink link{};
    std::shared_ptr<bool> has_failed = {};  // of a new connection
  };
  BackendLink last_accepted_{};
  bool paused_ = false;
  bool busy_ = false;
  bool has_worked_ = false;          // it is done and has not given what came of it: it is paused
  std::optional<Instant> deadline_;  // that its work came to
  std::vector<BackendLink> unread_;  // with room for more while it was busy
  bool is_wanted_ = false;           // a step was asked for
  std::deque<Waiting> waiting_;
  TimerId step_ = TimerId::none;
  TimerId timer_ = TimerId::none;
  TimerId busy_until_ = TimerId::none;
  Instant timer_at_{};
};

}  // namespace mq::sim
