#include "conformance/checks/attempts.h"

#include <algorithm>

namespace mq::checks {

Attempts::Attempts(std::size_t clients, std::size_t all_max, std::size_t each_min)
    : publishers_(clients),
      each_max_(std::max(all_max / std::max<std::size_t>(clients, 1), each_min)) {}

void Attempts::add(const trace::Stamp& stamp, Instant at) {
  const auto index = static_cast<std::size_t>(stamp.publisher);
  if (index >= publishers_.size()) return;
  Publisher& publisher = publishers_[index];
  if (publisher.attempts.empty()) publisher.first = stamp.number;
  // Numbers count up one by one; anything else starts afresh.
  if (stamp.number != publisher.first + publisher.attempts.size()) {
    publisher.attempts.clear();
    publisher.first = stamp.number;
  }
  publisher.attempts.push_back(at);
  if (publisher.attempts.size() <= each_max_) return;
  publisher.attempts.pop_front();
  ++publisher.first;
}

const Attempts::Publisher* Attempts::publisher(const trace::Stamp& stamp) const {
  const auto index = static_cast<std::size_t>(stamp.publisher);
  const bool is_attempt = stamp.origin == trace::Stamp::Origin::publish;
  return is_attempt && index < publishers_.size() ? &publishers_[index] : nullptr;
}

std::optional<Instant> Attempts::of(const trace::Stamp& stamp) const {
  const Publisher* from = publisher(stamp);
  if (from == nullptr || stamp.number < from->first ||
      stamp.number - from->first >= from->attempts.size())
    return std::nullopt;
  return from->attempts[stamp.number - from->first];
}

bool Attempts::is_forgotten(const trace::Stamp& stamp) const {
  const Publisher* from = publisher(stamp);
  return from != nullptr && stamp.number < from->first;
}

}  // namespace mq::checks
