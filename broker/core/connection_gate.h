// Who may come in: so many connections of one address, and so many new ones of it in a second
// (security.md, section 3). One address is one IPv4 address or one /64 network of IPv6, which a
// single machine can have as a whole. What has no address, a Unix socket, is not counted.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/time.h"

namespace mq::broker {

struct GateLimits {
  std::size_t links_per_address = 0;  // 0: any number
  std::size_t links_per_second = 0;   // of one address, after a burst of as many; 0: any number
};

class ConnectionGate {
 public:
  // "10.0.0.9:40008" and "[fe80::1]:40008" to what is counted; empty: nothing is.
  static std::string key_of(std::string_view address);

  // True if it comes in; then left() follows when it is gone. `key` as of key_of().
  bool enter(const std::string& key, Instant now, const GateLimits& limits);
  void left(const std::string& key);

  std::size_t size() const { return known_.size(); }

 private:
  struct Known {
    std::size_t links = 0;
    Instant paid_until{};  // each connection pays for its part of a second
  };
  void forget_idle(Instant now);

  std::unordered_map<std::string, Known> known_;
  std::size_t forget_at_ = 1024;
};

}  // namespace mq::broker
