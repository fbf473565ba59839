// What running one case came to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "conformance/monitors/notebook.h"
#include "conformance/runner/case.h"

namespace mq::conformance {

enum class Verdict : std::uint8_t {
  pass,
  fail,
  non_strict,      // what the standard recommends was not done, or a SHOULD was not kept
  info,            // a MAY that is not made use of: worth knowing, never wrong
  not_applicable,  // with a reason
  known,           // fails, and the expectations file says so and why
  fixed,           // passes although the expectations file says that it fails
  error,           // of the runner or the script: nothing is known about the target
  skipped,
};
const char* name(Verdict verdict);

// One line of what went over the connections, in the order of time.
struct Said {
  enum class What : std::uint8_t { sent, received, event };
  Instant at{};
  What what = What::event;
  std::string link;
  std::string text;
  std::vector<std::byte> bytes;
  std::uint32_t connection = 0;  // a number for each time that the link was opened; 0: of none
};

struct Failure {
  Place place;
  std::string step;
  std::string expected;
  std::string got;
  std::optional<Duration> waited = {};  // so long, and nothing came, or not what was expected
};

// What the monitors saw of the broker, whatever the case is about.
struct WatchedRule {
  monitors::Watch watch{};
  Version version{};
  monitors::Count count;
};
struct WatchedOutcome {
  std::vector<WatchedRule> rules;          // that were put to the test
  std::vector<monitors::Breach> breaches;  // the first few of each rule
};

struct Outcome {
  Verdict verdict = Verdict::pass;
  std::string reason;  // of not_applicable, error, skipped
  std::optional<Failure> failure;
  std::vector<Failure> advice;       // recommendations that were not followed
  std::vector<std::string> choices;  // where the standard leaves one, what the target does
  std::vector<Said> transcript;
  WatchedOutcome watched;
  bool is_unreachable = false;  // of error: no connection could be had
  // A connection was closed before anything came, or CONNACK said that the broker is busy: what
  // the case tests, or a limit that has nothing to do with it.
  bool was_turned_away = false;
  Duration took{};
};

}  // namespace mq::conformance
