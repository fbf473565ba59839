// The descriptions of trace::RunInfo: both results.json and the first line of events.ndjson hold
// one. Only for .cc files.
#pragma once

#include "reports/archive.h"
#include "sim/trace/run_info.h"

namespace mq {

// The members of an enum that does not live in mq::report are found here by overload.
inline report::Words words_of(Version) {
  static constexpr const char* words[] = {"3.1", "3.1.1", "5.0"};
  return {words, 3};
}
inline report::Words words_of(Qos) {
  static constexpr const char* words[] = {"0", "1", "2"};
  return {words, 0};
}
inline report::Words words_of(RetainHandling) {
  static constexpr const char* words[] = {"send", "send_if_new", "do_not_send"};
  return {words, 0};
}

template <class Io>
void fields(Io& io, SubscriptionOptions& v) {
  io("qos", v.qos);
  io("no_local", v.no_local);
  io("retain_as_published", v.retain_as_published);
  io("retain_handling", v.retain_handling);
}

}  // namespace mq

namespace mq::trace {

inline report::Words words_of(Durability) {
  static constexpr const char* words[] = {"none", "process", "power"};
  return {words, 0};
}
inline report::Words words_of(Speaks) {
  static constexpr const char* words[] = {"mqtt", "http"};
  return {words, 0};
}
inline report::Words words_of(Stamp::Origin) {
  static constexpr const char* words[] = {"publish", "will"};
  return {words, 0};
}

template <class Io>
void fields(Io& io, Stamp& v) {
  io("origin", v.origin);
  io("publisher", v.publisher);
  io("number", v.number);
}
template <class Io>
void fields(Io& io, WillInfo& v) {
  io("topic", v.topic);
  io("qos", v.qos);
  io("retain", v.retain);
  io("delay_s", v.delay);
}
template <class Io>
void fields(Io& io, SubscriptionInfo& v) {
  io("filter", v.filter);
  io("options", v.options);
}
template <class Io>
void fields(Io& io, ClientInfo& v) {
  io("id", v.id);
  io("group", v.group);
  io("link", v.link);
  io.since_then("speaks", v.speaks);
  io("version", v.version);
  io("clean_start", v.clean_start);
  io("session_expiry_s", v.session_expiry);
  io("keep_alive_s", v.keep_alive);
  io("will", v.will);
  io("subscriptions", v.subscriptions);
}
template <class Io>
void fields(Io& io, FaultInfo& v) {
  io("kind", v.kind);
  io("target", v.target);
  io("clients", v.clients);
}
template <class Io>
void fields(Io& io, Expectation& v) {
  io("id", v.id);
  io("argument", v.argument);
  io("qos", v.qos);
  io("percentile", v.percentile);
  io("below_ns", v.below);
  io.since_then("most", v.most);
  io.since_then("group", v.group);
  io("as_written", v.as_written);
}
template <class Io>
void fields(Io& io, RunInfo& v) {
  io("scenario", v.scenario);
  io("description", v.description);
  io("seed", v.seed);
  io("world", v.world);
  io("broker", v.broker);
  io("durability", v.durability);
  io("duration_ns", v.duration);
  io("calm_ns", v.calm);
  io("faults", v.faults);
  io("expectations", v.expectations);
  io("clients", v.clients);
}

}  // namespace mq::trace
