#include "sim/ns3/foresight.h"

#include <algorithm>
#include <typeinfo>

#include "base/ensure.h"
#include "base/fetch.h"
#include "sim/ns3/arrival.h"

namespace mq::sim::cell {

ns3::TypeId ForesightScheduler::GetTypeId() {
  static const ns3::TypeId id = ns3::TypeId("mq::sim::cell::ForesightScheduler")
                                    .SetParent<ns3::Scheduler>()
                                    .AddConstructor<ForesightScheduler>();
  return id;
}

void ForesightScheduler::Insert(const Event& event) {
  const bool is_soon = soon_count_ < foresight ? later_.empty() : event < soon_.back();
  is_soon ? insert_soon(event) : later_.insert(event);
}

void ForesightScheduler::insert_soon(const Event& event) {
  if (soon_count_ == foresight) {
    later_.insert(soon_.back());
    --soon_count_;
  }
  std::size_t place = soon_count_++;
  for (; place > 0 && event < soon_[place - 1]; --place) soon_[place] = soon_[place - 1];
  soon_[place] = event;
}

void ForesightScheduler::take_from_soon(std::size_t place) {
  std::copy(soon_.begin() + place + 1, soon_.begin() + soon_count_, soon_.begin() + place);
  --soon_count_;
  if (!later_.empty()) soon_[soon_count_++] = later_.take_first();
}

ns3::Scheduler::Event ForesightScheduler::RemoveNext() {
  const Event next = soon_.front();
  take_from_soon(0);
  foresee();
  return next;
}

void ForesightScheduler::foresee() const {
  if (soon_count_ == foresight) fetch_bytes(soon_.back().impl, 2 * cache_line_bytes);
  for (std::size_t i = 0; i + 2 < soon_count_; ++i) {
    const ns3::EventImpl& event = *soon_[i].impl;
    // By address, which costs nothing, and not by name: there is one such type.
    if (&typeid(event) == &typeid(Arrival)) static_cast<const Arrival&>(event).foresee(i);
  }
}

void ForesightScheduler::Remove(const Event& event) {
  const auto soon_end = soon_.begin() + soon_count_;
  if (const auto at = std::find(soon_.begin(), soon_end, event); at != soon_end)
    return take_from_soon(static_cast<std::size_t>(at - soon_.begin()));
  ensure(later_.erase(event), "an event that is removed is in the queue");
}

}  // namespace mq::sim::cell
