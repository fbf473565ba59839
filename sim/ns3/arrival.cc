#include "sim/ns3/arrival.h"

#include "base/fetch.h"
#include "sim/ns3/tcp_end.h"

namespace mq::sim::cell {

void Arrival::foresee(std::size_t events_before) const {
  if (events_before == 5) {
    fetch(way_.link);
    return fetch(ns3::PeekPointer(packet_));
  }
  if (events_before == 4) return fetch(way_.link->connections.data());
  const TcpEnd* const end = way_.link->find_any(port_, way_.leads_to);
  if (end == nullptr) return;
  if (events_before == 3) fetch(end);
  if (events_before == 2 && carries_ == Carries::data) end->fetch_pointers();
  if (events_before == 1) carries_ == Carries::data ? end->fetch_all() : end->fetch_parts();
}

void Arrival::Notify() {
  if (!way_.pipe->works()) return way_.pipe->lost_on_arrival();
  if (TcpEnd* const end = way_.link->find(port_, way_.leads_to))
    return end->receive(packet_, from_, to_);
  way_.to->receive(packet_, from_, to_);
}

}  // namespace mq::sim::cell
