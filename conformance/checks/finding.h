// What a check found: a promise, whether it held, and where to look.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "sim/trace/event.h"

namespace mq::checks {

// Not tried is not a pass: the run never gave the promise a chance to break.
enum class Verdict : std::uint8_t { held, broken, not_tried };

struct Evidence {
  Instant at;                               // when it was broken
  std::string text;                         // one sentence: who, what, when
  std::vector<trace::ClientIndex> clients;  // the parties, publisher first
  std::optional<trace::Stamp> message;
  Instant from;  // the part of the trace that shows it
  Instant until;
};

struct Finding {
  std::string id;       // stable, as in `expect`: "qos1", "session", "latency-p99-qos1"
  std::string promise;  // one sentence, in the words of the standard
  Verdict verdict = Verdict::not_tried;
  std::string limit;     // "0 lost", "below 90 s"
  std::string measured;  // "3 of 1,500 lost", "p99 12.4 s"
  std::uint64_t tried = 0;
  std::uint64_t broken = 0;
  bool expected = false;  // written in the scenario's `expect`; else judged because always owed
  std::vector<std::string> clauses;  // "v5/MQTT-4.3.2-1"
  std::vector<Evidence> evidence;    // the first few
};

inline constexpr std::size_t evidence_max = 10;  // per finding

}  // namespace mq::checks
