// What becomes due when: at most one entry per subject, so that the set is as large as what it
// serves and not as long as its history. Entries with one time come out in the order of
// (kind, number): the same in every run.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <tuple>

#include "base/time.h"

namespace mq::broker {

struct Timer {
  enum class Kind : std::uint8_t { link, session, hold, stall };

  Instant at;
  Kind kind;
  std::uint64_t number;  // of the link or session

  bool operator<(const Timer& other) const {
    return std::tie(at, kind, number) < std::tie(other.at, other.kind, other.number);
  }
};

class Timers {
 public:
  // `armed` is the subject's own note of its entry; it is moved to `at`, or taken out if `at` is
  // nothing.
  void arm(Timer::Kind kind, std::uint64_t number, std::optional<Instant>& armed,
           std::optional<Instant> at) {
    if (armed == at) return;
    if (armed) due_.erase(Timer{*armed, kind, number});
    armed = at;
    if (armed) due_.insert(Timer{*armed, kind, number});
  }

  // Takes out the first entry that is due. Its subject has to clear its own note.
  std::optional<Timer> take(Instant now) {
    if (due_.empty() || due_.begin()->at > now) return std::nullopt;
    Timer first = *due_.begin();
    due_.erase(due_.begin());
    return first;
  }

  std::optional<Instant> deadline() const {
    return due_.empty() ? std::nullopt : std::optional(due_.begin()->at);
  }
  std::size_t size() const { return due_.size(); }

 private:
  std::set<Timer> due_;
};

}  // namespace mq::broker
