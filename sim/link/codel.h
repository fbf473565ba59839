// CoDel (RFC 8289): drops at the head of the queue while packets wait too long in it for too long.
// What it decides about a packet follows from the packets before it, so that it can be asked when
// the packet joins the queue. Where the RFC looks at what lies in the queue (never drop the last
// packet), the target here is at least the time that one full packet takes.
#pragma once

#include <cmath>
#include <cstdint>

#include "base/time.h"

namespace mq::sim::link {

class CoDel {
 public:
  static constexpr Duration target = std::chrono::milliseconds(5);
  static constexpr Duration interval = std::chrono::milliseconds(100);

  // Of the packet that leaves the queue at `now` after it waited; `now` never goes back.
  bool drops(Instant now, Duration waited, Duration packet_time) {
    const bool is_late = waited >= std::max(target, packet_time);
    if (!is_late) {
      late_since_is_set_ = false;
      is_dropping_ = false;
      return false;
    }
    if (!late_since_is_set_) {
      late_since_is_set_ = true;
      late_until_ = now + interval;
      return false;
    }
    if (now < late_until_ && !is_dropping_) return false;
    if (!is_dropping_) return begin(now);
    if (now < drop_next_) return false;
    ++count_;
    drop_next_ = after(drop_next_);
    return true;
  }

 private:
  bool begin(Instant now) {
    is_dropping_ = true;
    // A queue that was bad a moment ago goes on where it was.
    const bool is_recent = now - drop_next_ < 16 * interval && count_ > 2;
    count_ = is_recent ? count_ - 2 : 1;
    drop_next_ = after(now);
    return true;
  }
  Instant after(Instant when) const {
    return when + Duration(std::llround(static_cast<double>(interval.count()) /
                                        std::sqrt(static_cast<double>(count_))));
  }

  bool late_since_is_set_ = false;
  bool is_dropping_ = false;
  Instant late_until_{};
  Instant drop_next_{};
  std::uint32_t count_ = 0;
};

}  // namespace mq::sim::link
