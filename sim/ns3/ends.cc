#include "sim/ns3/ends.h"

#include <ns3/simulator.h>

#include "sim/ns3/tcp_end.h"

namespace mq::sim::cell {

Ends::Ends(Air& air) : air_(air) {}
Ends::~Ends() = default;

void Ends::add(TcpEnd& end) {
  end.place_ = all_.size();
  all_.emplace_back(&end);
}

void Ends::wants_turn(TcpEnd& end) {
  if (waiting_.empty()) ns3::Simulator::ScheduleNow(&Ends::take_turns, this);
  waiting_.emplace_back(&end);
}

void Ends::take_turns() {
  turn_.swap(waiting_);
  for (const ns3::Ptr<TcpEnd>& end : turn_) {
    if (finished_) break;
    end->take_turn();
  }
  turn_.clear();
}

void Ends::release(TcpEnd& end) {
  if (end.place_ >= all_.size() || all_[end.place_] != &end) return;
  if (dead_.empty()) ns3::Simulator::Schedule(ns3::NanoSeconds(1), &Ends::bury, this);
  dead_.emplace_back(&end);
  air_.link_of(end.device_).remove(end.device_port_, end);
  if (all_.back() != &end) {
    all_[end.place_] = all_.back();
    all_[end.place_]->place_ = end.place_;
  }
  all_.pop_back();
}

void Ends::bury() { dead_.clear(); }

void Ends::finish() {
  finished_ = true;
  accepted = nullptr;
  // Segments on their way are thrown away after this, and look ahead for their ends.
  for (const auto& link : air_.links) link->connections.clear();
  all_.clear();
  waiting_.clear();
  dead_.clear();
}

}  // namespace mq::sim::cell
