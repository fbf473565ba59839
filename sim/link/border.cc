#include "sim/link/border.h"

#include <algorithm>

namespace mq::sim::link {

Border::Mapping* Border::find(std::uint16_t port) {
  const auto found = std::find_if(mappings_.begin(), mappings_.end(),
                                  [port](const Mapping& mapping) { return mapping.port == port; });
  return found == mappings_.end() ? nullptr : &*found;
}

bool Border::is_valid(const Mapping& mapping, Instant now) const {
  return model_ == nullptr || now - mapping.last < model_->idle_timeout;
}

void Border::open(std::uint16_t port, Instant now) {
  if (Mapping* known = find(port)) {
    *known = {port, address_, now, std::nullopt};
    return;
  }
  if (mappings_.size() == mappings_max)
    mappings_.erase(
        std::min_element(mappings_.begin(), mappings_.end(),
                         [](const Mapping& a, const Mapping& b) { return a.last < b.last; }));
  mappings_.push_back({port, address_, now, std::nullopt});
}

// Who is answered when a connection is unknown: with `reset` both sides, with `rebind` the device.
Border::Verdict Border::pass(std::uint16_t port, Instant now, Goes goes) {
  const auto too_late = [goes](Expiry then) {
    const bool is_told = then == Expiry::reset || (then == Expiry::rebind && goes == Goes::up);
    return is_told ? Verdict::is_reset : Verdict::vanishes;
  };
  Mapping* mapping = find(port);
  if (mapping != nullptr && mapping->address != address_) return Verdict::vanishes;
  if (mapping == nullptr || !is_valid(*mapping, now)) {
    if (model_ == nullptr) return Verdict::passes;
    return too_late(model_->then);
  }
  if (mapping->forgotten) return too_late(*mapping->forgotten);
  mapping->last = now;
  return Verdict::passes;
}

Border::Verdict Border::goes_up(std::uint16_t port, Instant now) {
  return pass(port, now, Goes::up);
}

Border::Verdict Border::comes_down(std::uint16_t port, Instant now) {
  return pass(port, now, Goes::down);
}

void Border::change_address() { ++address_; }

void Border::forget(Expiry then) {
  for (Mapping& mapping : mappings_) mapping.forgotten = then;
}

std::uint32_t Border::address_of(std::uint16_t port) const {
  for (const Mapping& mapping : mappings_)
    if (mapping.port == port) return mapping.address;
  return address_;
}

}  // namespace mq::sim::link
