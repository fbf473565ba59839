// The standard, watched in a whole run: every connection, both sides, each where it is. A fold over
// the trace with bounded state, the same live and over a stored file.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "conformance/checks/finding.h"
#include "conformance/monitors/watcher.h"
#include "sim/trace/batch.h"
#include "sim/trace/run_info.h"

namespace mq::monitors {

struct Report {
  // "standard": broken if any rule is. It names the statements that broke.
  checks::Finding overall;
  // A finding per rule, side and version that was put to the test; id "broker/again_has_dup".
  std::vector<checks::Finding> rules;
};

// What a notebook says, with `name_of` for the clients in it.
Report report(const Notebook& notebook, const trace::RunInfo& run);

class Monitors final : public trace::BatchObserver {
 public:
  explicit Monitors(const trace::RunInfo& run);  // outlives this
  Monitors(const Monitors&) = delete;
  Monitors& operator=(const Monitors&) = delete;

  void observe(const trace::Event& event) override;
  void observe_all(std::span<const trace::Event> events) override;
  // Once, after the last event.
  Report finish(Instant at);

  const Notebook& notebook() const { return notebook_; }

 private:
  // One end of all connections of a client. Nearly always one of them is open, and lies here.
  struct Side {
    std::vector<std::unique_ptr<Link>> more;  // open ones besides `one`
    Session session;
    Link one;
    bool one_is_open = false;
  };
  using Client = std::array<Side, 2>;  // by trace::End

  void fetch(const trace::Event& event) const;
  void on(const trace::PacketSeen& seen, Instant at);
  void on(const trace::MalformedSeen& seen, Instant at);
  void on(const trace::LinkClosed& closed, Instant at);
  void on_broker_down();
  // Whether it keeps the broker from working: it stands still, or its disk is full.
  bool hinders_broker(std::size_t fault) const;
  void hinder_broker();
  void set_clocks(const trace::FaultBegan& began);
  Watcher& watcher(trace::End end) {
    return end == trace::End::client ? clients_watcher_ : broker_watcher_;
  }
  Link& link(trace::Connection connection, trace::End end, Instant at);
  Link* find(trace::Connection connection, trace::End end);
  static Link& new_link(Side& side);
  static void drop(Side& side, const Link& link);
  static std::vector<Link*> open_links(Side& side);  // the oldest first
  Side& side(trace::ClientIndex client, trace::End end) {
    return clients_[static_cast<std::size_t>(client)][static_cast<std::size_t>(end)];
  }
  void provoke(trace::Connection connection, trace::End end);

  const trace::RunInfo& run_;
  Notebook notebook_;
  Watcher clients_watcher_;
  Watcher broker_watcher_;
  std::deque<Client> clients_;  // links stay where they are
  int hindered_ = 0;            // faults that keep the broker from working now
};

}  // namespace mq::monitors
