// What the application of one device does, and when: the publishes of its group with their own
// clocks, and the subscriptions that are due. Decides; the device does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/rng.h"
#include "base/time.h"
#include "protocol/packet.h"
#include "scenarios/plan.h"
#include "sim/trace/stamp.h"

namespace mq::scenario {

class Workload {
 public:
  // Publishing begins at `start` (of this member) and ends with the storm, at `end`.
  Workload(const std::vector<PublishPlan>& publishes, std::string id, trace::ClientIndex client,
           Rng rng, Instant start, Instant end);

  struct Due {
    trace::Stamp stamp;
    Publish message;
  };
  // The next message that is due at `now`; call until empty.
  std::optional<Due> publish(Instant now);
  std::optional<Instant> next_publish() const;
  // What would have been due until `now` is not published any more.
  void skip(Instant now);
  // A message that no course has.
  Due push(const Push& push);

  Will will(const WillPlan& plan, std::uint32_t connection) const;

 private:
  struct Course {
    const PublishPlan* plan;
    std::optional<Instant> next;
    std::uint64_t left;
  };
  static void advance(Course& course, Instant end);
  Bytes payload(const Payload& plan, const trace::Stamp& stamp) const;

  std::string id_;
  trace::ClientIndex client_;
  Instant end_;
  std::uint64_t number_ = 0;  // of the last message
  std::vector<Course> courses_;
};

}  // namespace mq::scenario
