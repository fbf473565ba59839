// All ends of connections of a world: each lives until TCP is done with it and its user has let go,
// and gets its turn to call its user outside of TCP's own code.
#pragma once

#include <ns3/ptr.h>

#include <cstddef>
#include <functional>
#include <vector>

#include "sim/ns3/cell_device.h"

namespace mq::sim::cell {

class Ends {
 public:
  explicit Ends(Air& air);
  ~Ends();
  Ends(const Ends&) = delete;
  Ends& operator=(const Ends&) = delete;

  std::function<void(TcpEnd&)> accepted;

  Air& air() const { return air_; }
  void add(TcpEnd& end);
  void wants_turn(TcpEnd& end);
  void release(TcpEnd& end);
  std::size_t size() const { return all_.size(); }
  // The simulation is over: nothing is called any more, sockets that still exist are harmless.
  void finish();
  bool finished() const { return finished_; }

 private:
  void take_turns();
  void bury();

  Air& air_;
  std::vector<ns3::Ptr<TcpEnd>> all_;
  std::vector<ns3::Ptr<TcpEnd>> waiting_, turn_;
  std::vector<ns3::Ptr<TcpEnd>> dead_;  // events of this instant may still name them
  bool finished_ = false;
};

}  // namespace mq::sim::cell
