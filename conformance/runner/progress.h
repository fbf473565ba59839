// How far a step of a script has come, and what it remembers from one attempt to the next.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "conformance/runner/links.h"
#include "conformance/runner/match.h"
#include "conformance/runner/values.h"
#include "protocol/describe.h"
#include "scenarios/language/units.h"

namespace mq::conformance {

// How far one attempt at a step has come.
struct Progress {
  enum class State : std::uint8_t { waiting, done, failed } state = State::waiting;
  std::string expected;
  std::string got;
  std::optional<Duration> waited = {};  // so long, and in vain
};
inline constexpr auto waiting = Progress::State::waiting;
inline constexpr auto done = Progress::State::done;
inline constexpr auto failed = Progress::State::failed;

struct Frame {
  const std::vector<Step>* steps;
  std::size_t at = 0;
  std::uint64_t rounds_left = 0;  // of a repeat, after this one
  std::uint64_t round = 0;        // of a repeat, from 1
};

// What a step remembers from one attempt to the next.
struct Memory {
  bool is_begun = false;
  Instant began{};
  std::optional<std::uint16_t> released;  // receive, QoS 2: PUBREC was sent
  LinkNumber receiver{};
  std::vector<bool> happened;          // any_order
  bool asked = false;                  // accepted: PINGREQ was sent
  std::optional<std::string> refusal;  // refused: what was said before the close
};

inline Progress over(const Link& link, std::string expected) {
  return {failed, std::move(expected),
          link.ended_by_us ? "we have closed the connection ourselves" : *link.ended};
}
inline bool is_ended(const Link& link) { return link.ended || link.ended_by_us; }

inline Progress too_early(Duration least, Duration took) {
  return {failed, "not before " + scenario::to_text(least),
          "it came after " + scenario::to_text(took)};
}

// What was waited for so long has not come; what came instead is in `progress` already.
inline Progress in_vain(Progress progress, Duration most) {
  progress.state = failed;
  progress.waited = most;
  progress.got = progress.got.empty()
                     ? "nothing within " + scenario::to_text(most)
                     : progress.got + ", and nothing more within " + scenario::to_text(most);
  return progress;
}

inline std::string expected_text(const Step& step) {
  std::string text = name(*step.packet);
  const std::size_t at = step.source.find(text);
  return at == std::string::npos ? text : step.source.substr(at);
}

inline Progress check(const Step& step, Values& values) {
  const std::string left = values.text(step.compared[0]);
  const std::string right = values.text(step.compared[1]);
  if (values.fault || compare(step.comparison, left, right)) return {done};
  return {failed, step.source.substr(step.source.find("check") + 6),
          quoted(left) + " and " + quoted(right)};
}

// What says that a packet was taken; that of PINGREQ where nothing else does.
inline Kind answer_to(std::optional<Kind> sent, std::uint64_t qos) {
  switch (sent.value_or(Kind::ping_req)) {
    case Kind::connect:
      return Kind::conn_ack;
    case Kind::subscribe:
      return Kind::sub_ack;
    case Kind::unsubscribe:
      return Kind::unsub_ack;
    case Kind::publish:
      return qos == 1 ? Kind::pub_ack : qos == 2 ? Kind::pub_rec : Kind::ping_resp;
    default:
      return Kind::ping_resp;
  }
}

}  // namespace mq::conformance
