#include "broker/core/connection_gate.h"

#include <algorithm>
#include <charconv>
#include <vector>

namespace mq::broker {
namespace {

constexpr std::size_t network_groups = 4;  // of eight: a /64

// The first half of an IPv6 address, written in full.
std::string network_of(std::string_view address) {
  const std::size_t gap = address.find("::");
  std::vector<std::string_view> groups;
  std::string_view rest = address.substr(0, gap);
  while (!rest.empty() && groups.size() < network_groups) {
    const std::size_t colon = rest.find(':');
    groups.push_back(rest.substr(0, colon));
    rest = colon == std::string_view::npos ? std::string_view() : rest.substr(colon + 1);
  }
  // Zeros in the gap: as many groups as the part behind it leaves.
  const std::string_view behind =
      gap == std::string_view::npos ? std::string_view() : address.substr(gap + 2);
  const auto behind_groups =
      behind.empty() ? 0
                     : static_cast<std::size_t>(std::count(behind.begin(), behind.end(), ':')) + 1;
  rest = behind;
  while (groups.size() + std::min(behind_groups, 8 - groups.size()) < 8 &&
         groups.size() < network_groups)
    groups.push_back("0");
  while (!rest.empty() && groups.size() < network_groups) {
    const std::size_t colon = rest.find(':');
    groups.push_back(rest.substr(0, colon));
    rest = colon == std::string_view::npos ? std::string_view() : rest.substr(colon + 1);
  }
  std::string text;
  for (const std::string_view group : groups) {
    unsigned value = 0;
    std::from_chars(group.data(), group.data() + group.size(), value, 16);
    text += std::to_string(value) + ":";
  }
  return text;
}

}  // namespace

std::string ConnectionGate::key_of(std::string_view address) {
  const std::size_t port = address.rfind(':');
  if (port == std::string_view::npos) return {};
  if (!address.starts_with('[')) return std::string(address.substr(0, port));
  const std::size_t end = address.find_first_of("]%");
  const std::string_view host = address.substr(1, end == std::string_view::npos ? end : end - 1);
  constexpr std::string_view mapped = "::ffff:";  // an IPv4 address in disguise
  if (host.starts_with(mapped) && host.find('.') != std::string_view::npos)
    return std::string(host.substr(mapped.size()));
  return network_of(host);
}

bool ConnectionGate::enter(const std::string& key, Instant now, const GateLimits& limits) {
  if (key.empty()) return true;
  if (known_.size() >= forget_at_) forget_idle(now);
  Known& known = known_[key];
  if (limits.links_per_address > 0 && known.links >= limits.links_per_address) return false;
  if (limits.links_per_second > 0) {
    const Duration part = std::chrono::duration_cast<Duration>(std::chrono::seconds(1)) /
                          static_cast<std::int64_t>(limits.links_per_second);
    const Instant paid = std::max(known.paid_until, now) + part;
    if (paid - now > std::chrono::seconds(1)) return false;
    known.paid_until = paid;
  }
  ++known.links;
  return true;
}

void ConnectionGate::left(const std::string& key) {
  const auto at = known_.find(key);
  if (at != known_.end() && at->second.links > 0) --at->second.links;
}

// Seldom enough that it costs little per connection: the number doubles between two times.
void ConnectionGate::forget_idle(Instant now) {
  std::erase_if(known_, [&](const auto& one) {
    return one.second.links == 0 && one.second.paid_until <= now;
  });
  forget_at_ = std::max<std::size_t>(1024, known_.size() * 2);
}

}  // namespace mq::broker
